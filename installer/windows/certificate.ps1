# On a hosted runner, before build.ps1: puts the certificate of the workflow's secrets into the store of the runner's user,
# and tells the steps that follow how to sign with it. Nothing of it outlives the runner.
$ErrorActionPreference = "Stop"
$file = "$env:RUNNER_TEMP\certificate.pfx"
[IO.File]::WriteAllBytes($file, [Convert]::FromBase64String($env:WINDOWS_CERTIFICATE))
$password = ConvertTo-SecureString $env:WINDOWS_CERTIFICATE_PASSWORD -AsPlainText -Force
$certificate = Import-PfxCertificate -FilePath $file -CertStoreLocation Cert:\CurrentUser\My -Password $password
Remove-Item $file
$tools = Get-ChildItem "${env:ProgramFiles(x86)}\Windows Kits\10\bin\10.*\x64\signtool.exe" | Sort-Object FullName
if (-not $tools) { throw "there is no signtool on this runner" }
$tool = @($tools)[-1].FullName
"DESKSIDE_SIGNTOOL=`"$tool`" sign /sha1 $($certificate.Thumbprint) /fd sha256 /td sha256 /tr http://timestamp.digicert.com `$f" |
    Out-File -FilePath $env:GITHUB_ENV -Append -Encoding utf8

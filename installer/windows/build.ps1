# On a Windows machine with Python 3.11, CMake, Visual Studio's compiler and Inno Setup 6:
#   installer\windows\build.ps1 [-SignTool "signtool sign /fd sha256 ... `$f"]   `$f is the file; certificate.ps1 sets it, too
param([string]$SignTool = $env:DESKSIDE_SIGNTOOL)
$ErrorActionPreference = "Stop"
$root = Resolve-Path "$PSScriptRoot\..\.."
Set-Location $root
function Run { & $args[0] $args[1..($args.Length - 1)]; if ($LASTEXITCODE) { throw "failed: $args" } }

Run python -m venv .venv
$python = "$root\.venv\Scripts\python.exe"
Run $python -m pip install -q --require-hashes --no-deps -r requirements.lock
Run $python -m pip install -q --require-hashes --no-deps -r installer\locks\test.lock
Run $python -m pip install -q --require-hashes -r installer\locks\build.lock
# The same flags as installer/setup.sh; the fix for AMX is for GCC only.
$env:CMAKE_ARGS = "-DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON -DGGML_RPC=ON" +
    " -DCMAKE_INSTALL_BINDIR=llama_cpp/lib -DCMAKE_INSTALL_LIBDIR=llama_cpp/lib"
Run $python -m pip install -q --require-hashes --no-deps --no-build-isolation --no-binary llama-cpp-python -r installer\locks\llama.lock
Run $python -m pip install -q --require-hashes --no-deps -r installer\locks\starter.lock
Run .venv\Scripts\pyside6-lrelease.exe -silent resources\translations\deskside_zh_CN.ts -qm resources\translations\deskside_zh_CN.qm
New-Item -Force -ItemType Directory build | Out-Null
Run $python -c "from PySide6.QtGui import QGuiApplication, QImage; a = QGuiApplication([]); QImage('resources/icons/deskside.svg').save('build/deskside.ico') or exit('no icon')"

$env:PYTHONHASHSEED = "1"
Run .venv\Scripts\pyinstaller.exe --noconfirm --clean --log-level WARN --distpath build\frozen --workpath build\work installer\deskside.spec
Run $python installer\bill.py build\frozen\deskside build\frozen\sources.txt
Run build\frozen\deskside\deskside.exe --version
if ($SignTool) {  # the installer and its uninstaller are signed by Inno Setup
    Invoke-Expression "& $($SignTool.Replace('$f', 'build\frozen\deskside\deskside.exe'))"
    if ($LASTEXITCODE) { throw "the program could not be signed" }
}

$version = & $python -c "import engine; print(engine.__version__)"
$words = @("/DVersion=$version", "/DFrozen=$root\build\frozen\deskside")
if ($SignTool) { $words += "/SDeskside=$($SignTool.Replace('"', '$q'))", "/DSignTool=Deskside" }  # $q: a quotation mark
$iscc = "${env:ProgramFiles(x86)}\Inno Setup 6\ISCC.exe"  # its installer does not put it on the path
if (Get-Command iscc -ErrorAction SilentlyContinue) { $iscc = "iscc" }
Run $iscc @words installer\windows\deskside.iss

; Inno Setup script: iscc /DVersion=0.1.0 /DFrozen=..\..\build\frozen\deskside installer\windows\deskside.iss
; Per user, no administrator. Silent: setup.exe /VERYSILENT /SUPPRESSMSGBOXES /NORESTART; the same for unins000.exe.
#ifndef Version
  #error Say /DVersion=...
#endif
#ifndef Frozen
  #define Frozen "..\..\build\frozen\deskside"
#endif

[Setup]
AppId={{6E2B3F0C-6A0B-4B5E-9C57-6C1B6E2B7D11}
AppName=Deskside
AppVersion={#Version}
AppPublisher=The Deskside authors
DefaultDirName={localappdata}\Programs\Deskside
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
OutputDir=..\..\dist
OutputBaseFilename=Deskside-{#Version}-x64-setup
LicenseFile=..\..\LICENSE
SetupIconFile=..\..\build\deskside.ico
UninstallDisplayIcon={app}\deskside.exe
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
ChangesAssociations=yes
; A running window is asked to close, so that its files can be replaced.
CloseApplications=yes
#ifdef SignTool
SignTool={#SignTool}
SignedUninstaller=yes
#endif

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; Modules of an older version must not stay beside those of this one.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Frozen}\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{userprograms}\Deskside"; Filename: "{app}\deskside.exe"
Name: "{userdesktop}\Deskside"; Filename: "{app}\deskside.exe"; Tasks: desktopicon

[Registry]
Root: HKCU; Subkey: "Software\Classes\.gguf\OpenWithProgids"; ValueType: string; ValueName: "Deskside.gguf"; Flags: uninsdeletevalue
Root: HKCU; Subkey: "Software\Classes\Deskside.gguf"; ValueType: string; ValueData: "Language model (GGUF)"; Flags: uninsdeletekey
Root: HKCU; Subkey: "Software\Classes\Deskside.gguf\shell\open\command"; ValueType: string; ValueData: """{app}\deskside.exe"" ""%1"""

[Run]
Filename: "{app}\deskside.exe"; Description: "{cm:LaunchProgram,Deskside}"; Flags: nowait postinstall skipifsilent

[UninstallDelete]
; Models, conversations and settings in {localappdata}\deskside stay: they are the person's.
Type: dirifempty; Name: "{app}"

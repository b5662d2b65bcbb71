; Inno Setup script: iscc /DVersion=0.1.0 /DFrozen=..\..\build\frozen\deskside installer\windows\deskside.iss
; Per user, no administrator. Silent: setup.exe /VERYSILENT /SUPPRESSMSGBOXES /NORESTART; the same for unins000.exe.
; Tried under wine by installer/try_windows.sh.
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
; While the program runs, installer and uninstaller ask to close it first, and silent ones end without having changed
; anything. The mark is of engine/releases/in_use.py; the second one is this installer's own.
AppMutex=Deskside.6E2B3F0C-6A0B-4B5E-9C57-6C1B6E2B7D11
SetupMutex=Deskside.6E2B3F0C-6A0B-4B5E-9C57-6C1B6E2B7D11.setup
#ifdef SignTool
SignTool={#SignTool}
SignedUninstaller=yes
#endif

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; What an installation that was interrupted has left.
Type: files; Name: "{app}\is-?????.tmp"
Type: filesandordirs; Name: "{app}\fresh"

[Files]
Source: "{#Frozen}\*"; DestDir: "{app}\fresh"; Flags: recursesubdirs ignoreversion
; The last one.
Source: "..\..\LICENSE"; DestDir: "{app}"; Flags: ignoreversion; AfterInstall: PutInPlace

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
; What PutInPlace put there. Models, conversations and settings in {localappdata}\deskside stay: they are the person's.
Type: filesandordirs; Name: "{app}\_internal"
Type: filesandordirs; Name: "{app}\licences"
Type: files; Name: "{app}\bom.cdx.json"
Type: files; Name: "{app}\deskside.exe"
Type: filesandordirs; Name: "{app}\fresh"
Type: filesandordirs; Name: "{app}\former"
Type: files; Name: "{app}\is-?????.tmp"
Type: dirifempty; Name: "{app}"

[Code]
{ All files of the new version lie in "fresh" before the first one of the version that is there is touched: an
  installation that is interrupted leaves that one as it was. Then the names change places, in an instant. What the
  version that was there had and the new one has not goes with the folder "former". }

function NamesIn(Folder: String): TStringList;
var
  Found: TFindRec;
begin
  Result := TStringList.Create;
  if FindFirst(Folder + '*', Found) then
  try
    repeat
      if (Found.Name <> '.') and (Found.Name <> '..') then
        Result.Add(Found.Name);
    until not FindNext(Found);
  finally
    FindClose(Found);
  end;
end;

function IsThere(Name: String): Boolean;
begin
  Result := FileExists(Name) or DirExists(Name);
end;

{ Scanners for viruses hold new files open for a moment, and their folder cannot be renamed meanwhile. }
function Renamed(From, Into: String): Boolean;
var
  Tries: Integer;
begin
  Result := RenameFile(From, Into);
  for Tries := 1 to 50 do
    if not Result then begin
      Sleep(200);
      Result := RenameFile(From, Into);
    end;
end;

{ False, with the old files back in their places, where one of them is held by another program. }
function Swapped(App, Fresh, Former: String): Boolean;
var
  Names: TStringList;
  Number, Done: Integer;
begin
  Names := NamesIn(Fresh);
  Result := True;
  Done := 0;
  for Number := 0 to Names.Count - 1 do
    if Result then begin
      if IsThere(App + Names[Number]) then
        Result := Renamed(App + Names[Number], Former + Names[Number]);
      if Result then begin
        Done := Number + 1;
        Result := Renamed(Fresh + Names[Number], App + Names[Number]);
      end;
    end;
  if not Result then
    for Number := 0 to Done - 1 do begin
      if IsThere(App + Names[Number]) then
        RenameFile(App + Names[Number], Fresh + Names[Number]);
      if IsThere(Former + Names[Number]) then
        RenameFile(Former + Names[Number], App + Names[Number]);
    end;
  Names.Free;
end;

procedure PutInPlace;
var
  App, Fresh, Former: String;
begin
  App := ExpandConstant('{app}\');
  Fresh := App + 'fresh\';
  Former := App + 'former\';
  DelTree(Former, True, True, True);
  if not ForceDirectories(Former) or not Swapped(App, Fresh, Former) then
    RaiseException('Files of the version that is installed are in use by another program. Close what uses ' + App +
      ' and start this installer again. The version that is installed still works.');
  DelTree(Former, True, True, True);
  DelTree(Fresh, True, True, True);
end;

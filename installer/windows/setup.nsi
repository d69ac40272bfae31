; The setup program. `setup_program.py` defines what is in capitals and writes the list of files.
;
; Started by a double click it installs for the user alone and asks for no rights. On the command line:
;   /S            silent
;   /AllUsers     for all users; the caller has to be an administrator already
;   /Desktop      with an icon on the desktop
;   /NoTypes      without file types and "Open with"
;   /D=folder     where to (last on the line, without quotation marks)
; Uninstaller: /S silent, /Purge deletes the user's settings, imported models and journals too.
; Exit codes: 0 done, 1 cancelled, 2 not done (the program is running, or rights are missing).

Target amd64-unicode
Unicode true
RequestExecutionLevel user
SetCompressor /SOLID ${COMPRESSION}
!if "${COMPRESSION}" == "lzma"
  SetCompressorDictSize 64
!endif

!include "MUI2.nsh"
!include "FileFunc.nsh"
!include "LogicLib.nsh"
!include "nsDialogs.nsh"
!include "WinMessages.nsh"
!include "${FILES}"

Name "${NAME}"
OutFile "${TARGET}"
BrandingText "${NAME} ${VERSION} - research use only, not a medical device"
ShowInstDetails nevershow
ShowUninstDetails nevershow
ManifestDPIAware true
ManifestSupportedOS Win10

VIProductVersion "${NUMBERS}"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "${NAME} setup"
VIAddVersionKey "CompanyName" "${PUBLISHER}"
VIAddVersionKey "LegalCopyright" "${PUBLISHER}. Apache-2.0."

!ifdef SIGN
  !uninstfinalize '${SIGN}'
  !finalize '${SIGN}'
!endif

!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${NAME}"
!define CLASSES "Software\Classes"
!define PROJECT "${NAME}.Project"

Var AllUsers    ; 1 for all users, 0 for this one
Var Chosen      ; the button of the page
Var Purge       ; 1: the user's data go too
Var PurgeBox

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!insertmacro MUI_PAGE_LICENSE "${LICENCE}"
Page custom AskForWhom TakeForWhom
!define MUI_PAGE_CUSTOMFUNCTION_PRE SkipIfUpgrade
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\${EXECUTABLE}"
!define MUI_FINISHPAGE_NOAUTOCLOSE
!insertmacro MUI_PAGE_FINISH
UninstPage custom un.AskPurge un.TakePurge
!insertmacro MUI_UNPAGE_INSTFILES

!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"
!insertmacro MUI_LANGUAGE "SimpChinese"

LangString WHOM ${LANG_ENGLISH} "Who will use ${NAME}?"
LangString WHOM ${LANG_GERMAN} "Wer soll ${NAME} benutzen?"
LangString WHOM ${LANG_SIMPCHINESE} "谁将使用 ${NAME}？"
LangString ONLY_ME ${LANG_ENGLISH} "Only me (no administrator rights needed)"
LangString ONLY_ME ${LANG_GERMAN} "Nur ich (ohne Administratorrechte)"
LangString ONLY_ME ${LANG_SIMPCHINESE} "仅限我自己（无需管理员权限）"
LangString EVERYBODY ${LANG_ENGLISH} "Everybody on this computer (administrator rights needed)"
LangString EVERYBODY ${LANG_GERMAN} "Alle an diesem Computer (mit Administratorrechten)"
LangString EVERYBODY ${LANG_SIMPCHINESE} "此计算机上的所有人（需要管理员权限）"
LangString RUNNING ${LANG_ENGLISH} "${NAME} is running. Close it, then try again."
LangString RUNNING ${LANG_GERMAN} "${NAME} läuft noch. Bitte schließen und noch einmal versuchen."
LangString RUNNING ${LANG_SIMPCHINESE} "${NAME} 正在运行。请先关闭，然后重试。"
LangString NO_RIGHTS ${LANG_ENGLISH} "Installing for everybody needs administrator rights."
LangString NO_RIGHTS ${LANG_GERMAN} "Für alle zu installieren braucht Administratorrechte."
LangString NO_RIGHTS ${LANG_SIMPCHINESE} "为所有人安装需要管理员权限。"
LangString PROGRAM ${LANG_ENGLISH} "Program"
LangString PROGRAM ${LANG_GERMAN} "Programm"
LangString PROGRAM ${LANG_SIMPCHINESE} "程序"
LangString TYPES ${LANG_ENGLISH} "Projects, and $\"Open with$\" for images and folders"
LangString TYPES ${LANG_GERMAN} "Projekte, und „Öffnen mit“ für Bilder und Ordner"
LangString TYPES ${LANG_SIMPCHINESE} "项目文件，以及图像和文件夹的“打开方式”"
LangString DESKTOP ${LANG_ENGLISH} "Icon on the desktop"
LangString DESKTOP ${LANG_GERMAN} "Symbol auf dem Schreibtisch"
LangString DESKTOP ${LANG_SIMPCHINESE} "桌面图标"
LangString OPEN_FOLDER ${LANG_ENGLISH} "Open with ${NAME}"
LangString OPEN_FOLDER ${LANG_GERMAN} "Mit ${NAME} öffnen"
LangString OPEN_FOLDER ${LANG_SIMPCHINESE} "用 ${NAME} 打开"
LangString KEEP_DATA ${LANG_ENGLISH} "Settings, imported models and work that was not saved stay on this computer."
LangString KEEP_DATA ${LANG_GERMAN} "Einstellungen, importierte Modelle und nicht gesicherte Arbeit bleiben auf diesem Computer."
LangString KEEP_DATA ${LANG_SIMPCHINESE} "设置、导入的模型和未保存的工作将保留在此计算机上。"
LangString PURGE_DATA ${LANG_ENGLISH} "Delete them too"
LangString PURGE_DATA ${LANG_GERMAN} "Auch diese löschen"
LangString PURGE_DATA ${LANG_SIMPCHINESE} "一并删除"

; ---------------------------------------------------------------------------------------------------------- for whom

!macro READ_RIGHTS result
  UserInfo::GetAccountType
  Pop ${result}
!macroend

!macro USE_CONTEXT
  ${If} $AllUsers == 1
    SetShellVarContext all
  ${Else}
    SetShellVarContext current
  ${EndIf}
!macroend

Function .onInit
  SetRegView 64
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/AllUsers" $R1
  ${If} ${Errors}
    StrCpy $AllUsers 0
  ${Else}
    StrCpy $AllUsers 1
    !insertmacro READ_RIGHTS $R2
    ${If} $R2 != "Admin"
      MessageBox MB_ICONSTOP "$(NO_RIGHTS)" /SD IDOK
      SetErrorLevel 2
      Quit
    ${EndIf}
  ${EndIf}
  ClearErrors
  ${GetOptions} $R0 "/NoTypes" $R1
  ${IfNot} ${Errors}
    SectionSetFlags 1 0
  ${EndIf}
  ClearErrors
  ${GetOptions} $R0 "/Desktop" $R1
  ${IfNot} ${Errors}
    SectionSetFlags 2 1
  ${EndIf}
  Call ChooseFolder
FunctionEnd

; Where it is installed already, else where programs of this kind go; a folder of the command line stays.
Function ChooseFolder
  !insertmacro USE_CONTEXT
  ${If} $INSTDIR != ""
    Return
  ${EndIf}
  ReadRegStr $INSTDIR SHCTX "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $INSTDIR == ""
    ${If} $AllUsers == 1
      StrCpy $INSTDIR "$PROGRAMFILES64\${NAME}"
    ${Else}
      StrCpy $INSTDIR "$LOCALAPPDATA\Programs\${NAME}"
    ${EndIf}
  ${EndIf}
FunctionEnd

Function AskForWhom
  !insertmacro MUI_HEADER_TEXT "$(WHOM)" ""
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateRadioButton} 0 10u 100% 12u "$(ONLY_ME)"
  Pop $0
  ${NSD_CreateRadioButton} 0 28u 100% 12u "$(EVERYBODY)"
  Pop $Chosen
  ${If} $AllUsers == 1
    ${NSD_Check} $Chosen
  ${Else}
    ${NSD_Check} $0
  ${EndIf}
  nsDialogs::Show
FunctionEnd

Function TakeForWhom
  ${NSD_GetState} $Chosen $R0
  ${If} $R0 == ${BST_CHECKED}
    !insertmacro READ_RIGHTS $R2
    ${If} $R2 != "Admin"
      ClearErrors
      ExecShell "runas" "$EXEPATH" "/AllUsers"
      ${If} ${Errors}
        Abort
      ${EndIf}
      Quit
    ${EndIf}
    StrCpy $R1 1
  ${Else}
    StrCpy $R1 0
  ${EndIf}
  ${If} $R1 != $AllUsers
    StrCpy $AllUsers $R1
    StrCpy $INSTDIR ""
    Call ChooseFolder
  ${EndIf}
FunctionEnd

; An upgrade stays where it is.
Function SkipIfUpgrade
  ReadRegStr $R0 SHCTX "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $R0 == $INSTDIR
    Abort
  ${EndIf}
FunctionEnd

; ----------------------------------------------------------------------------------------------------------- install

; Windows opens the file of a running program for nobody who wants to write.
!macro REFUSE_IF_RUNNING folder
  ${If} ${FileExists} "${folder}\${EXECUTABLE}"
    ClearErrors
    FileOpen $R9 "${folder}\${EXECUTABLE}" a
    ${If} ${Errors}
      MessageBox MB_ICONSTOP "$(RUNNING)" /SD IDOK
      SetErrorLevel 2
      Quit
    ${EndIf}
    FileClose $R9
  ${EndIf}
!macroend

Section "$(PROGRAM)" program
  SectionIn RO
  !insertmacro REFUSE_IF_RUNNING "$INSTDIR"
  ; What an older version had and this one has not goes with the older one's own list.
  ReadRegStr $R0 SHCTX "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $R0 != ""
  ${AndIf} ${FileExists} "$R0\uninstall.exe"
    !insertmacro REFUSE_IF_RUNNING "$R0"
    ; /Upgrade says how it is installed: the registry is asked for rights only by users
    ExecWait '"$R0\uninstall.exe" /S /Upgrade _?=$R0' $R1
    Delete "$R0\uninstall.exe"
    RMDir "$R0"
  ${EndIf}
  !insertmacro INSTALL_FILES
  SetOutPath "$INSTDIR"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\${EXECUTABLE}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayName" "${NAME}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\${EXECUTABLE},0"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "Publisher" "${PUBLISHER}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "EstimatedSize" ${KILOBYTES}
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "NoRepair" 1
SectionEnd

; Offered beside other programs, never taken from them; .gz would be everybody's, so NIfTI's is reached by the folder
; or by the dialog.
!macro EACH_TYPE macro
  !insertmacro ${macro} ".nii"
  !insertmacro ${macro} ".nrrd"
  !insertmacro ${macro} ".nhdr"
  !insertmacro ${macro} ".mha"
  !insertmacro ${macro} ".mhd"
  !insertmacro ${macro} ".dcm"
!macroend
!macro OFFER_TYPE extension
  WriteRegStr SHCTX "${CLASSES}\Applications\${EXECUTABLE}\SupportedTypes" "${extension}" ""
  WriteRegStr SHCTX "${CLASSES}\${extension}\OpenWithProgids" "${NAME}.Image" ""
!macroend
!macro FORGET_TYPE extension
  DeleteRegValue SHCTX "${CLASSES}\${extension}\OpenWithProgids" "${NAME}.Image"
  DeleteRegKey /ifempty SHCTX "${CLASSES}\${extension}\OpenWithProgids"
  DeleteRegKey /ifempty SHCTX "${CLASSES}\${extension}"
!macroend
!macro TELL_SHELL
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
!macroend

Section "$(TYPES)" types
  WriteRegStr SHCTX "${CLASSES}\.swiftmed" "" "${PROJECT}"
  WriteRegStr SHCTX "${CLASSES}\${PROJECT}" "" "${NAME} project"
  WriteRegStr SHCTX "${CLASSES}\${PROJECT}\DefaultIcon" "" "$INSTDIR\${EXECUTABLE},0"
  WriteRegStr SHCTX "${CLASSES}\${PROJECT}\shell\open\command" "" '"$INSTDIR\${EXECUTABLE}" "%1"'
  WriteRegStr SHCTX "${CLASSES}\${NAME}.Image" "" "Medical image"
  WriteRegStr SHCTX "${CLASSES}\${NAME}.Image\DefaultIcon" "" "$INSTDIR\${EXECUTABLE},0"
  WriteRegStr SHCTX "${CLASSES}\${NAME}.Image\shell\open\command" "" '"$INSTDIR\${EXECUTABLE}" "%1"'
  WriteRegStr SHCTX "${CLASSES}\Applications\${EXECUTABLE}\shell\open\command" "" '"$INSTDIR\${EXECUTABLE}" "%1"'
  WriteRegStr SHCTX "${CLASSES}\Applications\${EXECUTABLE}" "FriendlyAppName" "${NAME}"
  WriteRegStr SHCTX "${CLASSES}\Directory\shell\${NAME}" "" "$(OPEN_FOLDER)"
  WriteRegStr SHCTX "${CLASSES}\Directory\shell\${NAME}" "Icon" "$INSTDIR\${EXECUTABLE},0"
  WriteRegStr SHCTX "${CLASSES}\Directory\shell\${NAME}\command" "" '"$INSTDIR\${EXECUTABLE}" "%1"'
  !insertmacro EACH_TYPE OFFER_TYPE
  !insertmacro TELL_SHELL
SectionEnd

Section /o "$(DESKTOP)" desktop
  CreateShortcut "$DESKTOP\${NAME}.lnk" "$INSTDIR\${EXECUTABLE}"
SectionEnd

; --------------------------------------------------------------------------------------------------------- uninstall

Function un.onInit
  SetRegView 64
  StrCpy $AllUsers 0
  ReadRegStr $R0 HKLM "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $R0 == $INSTDIR
    StrCpy $AllUsers 1
    !insertmacro READ_RIGHTS $R2
    ${If} $R2 != "Admin"
      ${If} ${Silent}
        SetErrorLevel 2
      ${Else}
        ExecShell "runas" "$INSTDIR\uninstall.exe"
      ${EndIf}
      Quit
    ${EndIf}
  ${EndIf}
  !insertmacro USE_CONTEXT
  StrCpy $Purge 0
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/Purge" $R1
  ${IfNot} ${Errors}
    StrCpy $Purge 1
  ${EndIf}
FunctionEnd

Function un.AskPurge
  !insertmacro MUI_HEADER_TEXT "${NAME} ${VERSION}" ""
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 10u 100% 24u "$(KEEP_DATA)"
  Pop $0
  ${NSD_CreateCheckbox} 0 38u 100% 12u "$(PURGE_DATA)"
  Pop $PurgeBox
  nsDialogs::Show
FunctionEnd

Function un.TakePurge
  ${NSD_GetState} $PurgeBox $R0
  ${If} $R0 == ${BST_CHECKED}
    StrCpy $Purge 1
  ${EndIf}
FunctionEnd

Section "Uninstall"
  !insertmacro REFUSE_IF_RUNNING "$INSTDIR"
  ; exactly what was installed, file by file: what users put into the folder is theirs
  !insertmacro REMOVE_FILES
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${NAME}.lnk"
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/Upgrade" $R1
  ${If} ${Errors} ; a new version keeps the icon
    Delete "$DESKTOP\${NAME}.lnk"
  ${EndIf}
  DeleteRegKey SHCTX "${UNINSTALL_KEY}"
  ReadRegStr $R0 SHCTX "${CLASSES}\.swiftmed" ""
  ${If} $R0 == "${PROJECT}"
    DeleteRegKey SHCTX "${CLASSES}\.swiftmed"
  ${EndIf}
  DeleteRegKey SHCTX "${CLASSES}\${PROJECT}"
  DeleteRegKey SHCTX "${CLASSES}\${NAME}.Image"
  DeleteRegKey SHCTX "${CLASSES}\Applications\${EXECUTABLE}"
  DeleteRegKey SHCTX "${CLASSES}\Directory\shell\${NAME}"
  !insertmacro EACH_TYPE FORGET_TYPE
  !insertmacro TELL_SHELL
  ${If} $Purge == 1
    SetShellVarContext current
    RMDir /r "$LOCALAPPDATA\${NAME}" ; the user's data, which app/paths.py puts there
  ${EndIf}
SectionEnd

package guard

import (
	"errors"
	"os"
	"path/filepath"
	"unsafe"

	"dotproxy/app/control"

	"golang.org/x/sys/windows"
)

// environment is what a process knows of itself.
type environment struct {
	// sid is the user's; elevated tells whether the administrator's rights are
	// in use.
	sid      string
	elevated bool
	// serves is the user whom an elevated guard was told to serve.
	serves string
}

func thisProcess() environment {
	e := environment{elevated: privileged()}
	if user, err := windows.GetCurrentProcessToken().GetTokenUser(); err == nil {
		e.sid = user.User.Sid.String()
	}
	return e
}

// own is the place of a guard that is this process.
func (e environment) own() place {
	switch {
	case !e.elevated:
		return e.user()
	case e.serves != "":
		return rootPlace(e.serves)
	}
	return rootPlace(e.sid)
}

// user is the place of a guard without the administrator's rights.
func (e environment) user() place {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return place{journal: journal{filepath.Join(dir, "dot-proxy"), 0o700}, socket: control.UserPath() + "-guard", uid: -1, sid: e.sid}
}

// rootPlace is that of an elevated guard that serves a user.
func rootPlace(sid string) place {
	data := os.Getenv("ProgramData")
	if known, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0); err == nil {
		data = known
	}
	return place{journal: journal{filepath.Join(data, "dot-proxy"), 0o755}, socket: `\\.\pipe\dot-proxy-guard-` + sid, uid: -1, sid: sid, root: true}
}

// all are the places that matter to this process, those with more rights
// first.
func (e environment) all() []place {
	if e.elevated {
		return []place{e.own()}
	}
	return []place{rootPlace(e.sid), e.user()}
}

// folderRights are those of an elevated guard's folder: the system and
// administrators write, users read.
const folderRights = "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FRFX;;;BU)"

// makePlace makes the folder of a guard that is this process. Anybody may make
// folders beside an elevated guard's, so one that is there must be the
// administrators'.
func makePlace(p place) error {
	if !p.root {
		return os.MkdirAll(p.journal.dir, p.journal.mode)
	}
	rights, err := windows.SecurityDescriptorFromString(folderRights)
	if err != nil {
		return err
	}
	path, err := windows.UTF16PtrFromString(p.journal.dir)
	if err != nil {
		return err
	}
	attributes := &windows.SecurityAttributes{SecurityDescriptor: rights}
	attributes.Length = uint32(unsafe.Sizeof(*attributes))
	if err := windows.CreateDirectory(path, attributes); !errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return err
	}
	return ownedByAdministrators(p.journal.dir)
}

func ownedByAdministrators(dir string) error {
	about, err := windows.GetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return err
	}
	owner, _, err := about.Owner()
	if err != nil {
		return err
	}
	if !owner.IsWellKnown(windows.WinBuiltinAdministratorsSid) && !owner.IsWellKnown(windows.WinLocalSystemSid) {
		return errors.New("the folder " + dir + " belongs to another user")
	}
	return nil
}

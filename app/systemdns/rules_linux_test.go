package systemdns

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// polkit's rules allow the service's user what the mechanisms need, and no more.
func TestRules(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile("../../packaging/linux/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	rules := read("io.github.dotproxy.DotProxy.rules")
	var have []string
	for _, m := range regexp.MustCompile(`"(org\.freedesktop\.[^"]+)"`).FindAllStringSubmatch(rules, -1) {
		have = append(have, m[1])
	}
	want := []string{nmName + ".network-control"}
	for _, action := range resolvedActions {
		want = append(want, resolvedName+"."+action)
		// systemd-networkd has the same ones, save for a name.
		want = append(want, networkdName+"."+strings.Replace(action, "revert", "revert-dns", 1))
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("the rules allow %v\nneeded are %v", have, want)
	}
	for file, line := range map[string]string{
		"io.github.dotproxy.DotProxy.rules": `subject.user === "dotproxy"`,
		"dot-proxy.service":                 "\nUser=dotproxy\n",
		"dot-proxy.sysusers":                "\nu dotproxy ",
		"dot-proxy.tmpfiles":                " dotproxy dotproxy ",
	} {
		if !strings.Contains(read(file), line) {
			t.Errorf("%s lacks %q", file, line)
		}
	}
}

// A real polkit says yes to the service's user alone, and only to what the
// rules name.
func TestRulesByPolkit(t *testing.T) {
	if os.Getenv("DOTPROXY_PEER_TESTS") == "" || os.Geteuid() != 0 {
		t.Skip("DOTPROXY_PEER_TESTS is not set, or this is not root: it needs namespaces and polkitd")
	}
	for _, file := range []string{"/usr/lib/polkit-1/polkitd", "/usr/bin/pkcheck", "/usr/bin/dbus-daemon", "/usr/share/polkit-1/actions/org.freedesktop.network1.policy"} {
		if _, err := os.Stat(file); err != nil {
			t.Skip("it needs ", file)
		}
	}
	const script = `
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/dbus /run/actions
cp /usr/share/polkit-1/actions/* "$PACKAGING"/*.policy /run/actions/
mount --bind /run/actions /usr/share/polkit-1/actions
cp /etc/passwd /etc/group /run/
echo 'dotproxy:x:64994:64994::/:/bin/sh' >>/run/passwd
echo 'dotproxy:x:64994:' >>/run/group
mount --bind /run/passwd /etc/passwd
mount --bind /run/group /etc/group
rules=$(cat "$PACKAGING"/*.rules)
mount -t tmpfs tmpfs /etc/polkit-1/rules.d
echo "$rules" >/etc/polkit-1/rules.d/49-dot-proxy.rules
chown -R polkitd /etc/polkit-1/rules.d
until_true() { for i in $(seq 200); do "$@" >/dev/null 2>&1 && return; sleep 0.05; done; echo "never: $*"; exit 1; }
dbus-daemon --system --nofork --nopidfile &
until_true test -S /run/dbus/system_bus_socket
/usr/lib/polkit-1/polkitd --no-debug &
until_true pkaction --action-id io.github.dotproxy.DotProxy.system-dns
for user in 64994 65534; do
	setpriv --reuid $user --regid $user --clear-groups sleep 60 &
	until_true grep -q "^Uid:	$user" /proc/$!/status
	for action in set-dns-servers revert-dns set-ntp-servers; do
		says=no
		pkcheck -a org.freedesktop.network1.$action -p $! >/dev/null 2>&1 && says=yes
		echo "$user $action $says"
	done
done
`
	cmd := exec.CommandContext(t.Context(), "timeout", "60", "unshare", "--mount", "--pid", "--fork", "--net", "sh", "-ec", script)
	cmd.Env = append(os.Environ(), "PACKAGING=../../packaging/linux")
	out, err := cmd.CombinedOutput()
	const want = "64994 set-dns-servers yes\n64994 revert-dns yes\n64994 set-ntp-servers no\n65534 set-dns-servers no\n65534 revert-dns no\n65534 set-ntp-servers no\n"
	if err != nil || !strings.HasSuffix(string(out), want) {
		t.Errorf("%v\n%s", err, out)
	}
}

package tray

/*
#cgo pkg-config: gio-2.0
#include <gio/gio.h>

// Where the indicator of github.com/getlantern/systray puts itself.
#define ITEM_PATH "/org/ayatana/NotificationItem/systray"
#define ITEM_NAME "org.kde.StatusNotifierItem"

#define LOOK_EVERY_MS 5

static GMutex lock;
static GCond freed;
static gboolean held;
static gint64 held_until; // in microseconds of the monotonic clock
static guint filter;

// hold_back runs in GIO's own thread and keeps it while what comes in is held.
static GDBusMessage *hold_back(GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer unused) {
	if (incoming) {
		g_mutex_lock(&lock);
		while (held && g_cond_wait_until(&freed, &lock, held_until))
			;
		g_mutex_unlock(&lock);
	}
	return message;
}

// exported tells whether the indicator is on the bus: its place is taken.
static gboolean exported(GDBusConnection *bus) {
	static GDBusInterfaceInfo item = {.ref_count = -1, .name = ITEM_NAME};
	static const GDBusInterfaceVTable none = {0};
	GError *why = NULL;
	guint id = g_dbus_connection_register_object(bus, ITEM_PATH, &item, &none, NULL, NULL, &why);
	if (id != 0) {
		g_dbus_connection_unregister_object(bus, id);
		return FALSE;
	}
	gboolean taken = g_error_matches(why, G_IO_ERROR, G_IO_ERROR_EXISTS);
	g_error_free(why);
	return taken;
}

static gboolean look(gpointer bus) {
	if (!exported(bus) && g_get_monotonic_time() < held_until)
		return G_SOURCE_CONTINUE;
	g_mutex_lock(&lock);
	held = FALSE;
	g_cond_broadcast(&freed);
	g_mutex_unlock(&lock);
	g_dbus_connection_remove_filter(bus, filter);
	g_object_unref(bus);
	return G_SOURCE_REMOVE;
}

static void icon_before_host(int most_ms) {
	GDBusConnection *bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	if (bus == NULL)
		return;
	held = TRUE;
	held_until = g_get_monotonic_time() + most_ms * G_TIME_SPAN_MILLISECOND;
	filter = g_dbus_connection_add_filter(bus, hold_back, NULL, NULL);
	g_timeout_add(LOOK_EVERY_MS, look, bus);
}
*/
import "C"

// iconBeforeHost lets the indicator hear of the desktop's host of icons only
// when it has its own bus connection. libayatana-appindicator 0.5.92 asks for
// both at once, and where it hears of the host first, it gives up and no icon
// appears for as long as that host runs. What comes from the bus is held for a
// few milliseconds, at most for busPatience. It runs on the main thread, before
// the icon is made.
func iconBeforeHost() { C.icon_before_host(C.int(busPatience.Milliseconds())) }

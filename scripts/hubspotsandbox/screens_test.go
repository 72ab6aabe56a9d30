package hubspotsandbox

import (
	"strings"
	"testing"
)

func TestPagesLeadToTheAppsScreens(t *testing.T) {
	b := newBench(t)
	if _, _, err := b.s.Seed(portalA, SeedOptions{Contacts: 1, Companies: 1}); err != nil {
		t.Fatal(err)
	}
	app := "/app/1001/7654321"
	if to := b.want(302, b.get(app)).header.Get("Location"); to != "/ui/1001/app" {
		t.Errorf("without screens: %s", to)
	}
	b.s.cfg.ScreensURL = "http://screens.test"
	for path, want := range map[string]string{
		app:                "http://screens.test/?ext=pages&path=%2F&portalId=1001",
		app + "/friends/1": "http://screens.test/?ext=pages&path=%2Ffriends%2F1&portalId=1001",
	} {
		if to := b.want(302, b.get(path)).header.Get("Location"); to != want {
			t.Errorf("%s leads to %s, want %s", path, to, want)
		}
	}
	b.want(404, b.get("/app/9/7654321"))
	for path, want := range map[string]string{
		"/contacts/1001/record/0-1/501": "http://screens.test/?ext=card&amp;objectId=501&amp;portalId=1001",
		"/contacts/1001/record/0-2/701": "http://screens.test/?ext=company&amp;objectId=701&amp;portalId=1001",
	} {
		if text := b.want(200, b.get(path)).text; !strings.Contains(text, want) {
			t.Errorf("%s does not lead to %s", path, want)
		}
	}
	if err := b.s.Uninstall(portalA); err != nil {
		t.Fatal(err)
	}
	if text := b.want(200, b.get("/contacts/1001/record/0-1/501")).text; strings.Contains(text, "screens.test") {
		t.Error("an account without the app leads to its card")
	}
}

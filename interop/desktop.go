package interop

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Desktop is a display that nobody looks at, with hands and eyes: it clicks, types and reads by way of xdotool and
// xclip.
type Desktop struct {
	server  *Process
	display string
}

// NewDesktop starts a display. The caller must Close it.
func NewDesktop() (*Desktop, error) {
	server, err := Start(Command{Path: "Xvfb", Args: []string{"-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"}})
	if err != nil {
		return nil, err
	}
	groups, err := server.Want("display", `^(\d+)$`)
	if err != nil {
		server.Stop()
		return nil, err
	}
	return &Desktop{server: server, display: ":" + groups[1]}, nil
}

// Close ends the display and by that the programs on it.
func (d *Desktop) Close() {
	d.server.Stop()
}

// Start starts a Qt program on the display, with looks that do not depend on the machine, because clicks go to fixed
// places.
func (d *Desktop) Start(c Command) (*Process, error) {
	c.Env = append(c.Env, "DISPLAY="+d.display, "QT_QPA_PLATFORM=xcb", "QT_STYLE_OVERRIDE=Fusion", "QT_QPA_PLATFORMTHEME=",
		"QT_SCALE_FACTOR=1", "QT_AUTO_SCREEN_SCALE_FACTOR=0", "QT_FONT_DPI=96", "QT_ACCESSIBILITY=0", "XDG_CURRENT_DESKTOP=", "LC_ALL=C.UTF-8")
	return Start(c)
}

// A Window is a visible window of the display.
type Window struct {
	desktop *Desktop
	id      string
}

// A point is a place in a window.
type point struct{ x, y int }

// Window waits for the window with that title.
func (d *Desktop) Window(title string) (*Window, error) {
	output, err := d.run("xdotool", "search", "--sync", "--onlyvisible", "--name", "^"+regexp.QuoteMeta(title)+"$")
	if err != nil {
		return nil, fmt.Errorf("window %q: %w", title, err)
	}
	lines := strings.Fields(output)
	if len(lines) == 0 {
		return nil, fmt.Errorf("window %q: none", title)
	}
	return &Window{desktop: d, id: lines[len(lines)-1]}, nil
}

// MoveToOrigin puts the window at the top left of the screen.
func (w *Window) MoveToOrigin() error {
	_, err := w.desktop.run("xdotool", "windowmove", "--sync", w.id, "0", "0")
	return err
}

// Click clicks at a place.
func (w *Window) Click(at point) error {
	_, err := w.desktop.run("xdotool", append(w.moveTo(at), "click", "1")...)
	return err
}

// Fill replaces the text of the field at a place.
func (w *Window) Fill(at point, text string) error {
	// The last key removes what the field may have completed by itself.
	keys := []string{"windowfocus", w.id, "click", "--repeat", "3", "1", "key", "ctrl+a", "type", "--delay", "5", text}
	if _, err := w.desktop.run("xdotool", append(w.moveTo(at), keys...)...); err != nil {
		return err
	}
	_, err := w.desktop.run("xdotool", "key", "Delete")
	return err
}

// Read returns the text of the pane at a place, through the clipboard. A line that arrives in that moment replaces the
// text that is selected: read when nothing is expected to happen.
func (w *Window) Read(at point) (string, error) {
	if _, err := w.desktop.run("xdotool", append(w.moveTo(at), "windowfocus", w.id, "click", "1", "key", "ctrl+a", "ctrl+c", "ctrl+End")...); err != nil {
		return "", err
	}
	return w.desktop.run("xclip", "-o", "-selection", "clipboard")
}

// WantRead reads the pane until its text matches pattern, and returns the match and its groups.
func (w *Window) WantRead(at point, pattern string) ([]string, error) {
	compiled, err := regexp.Compile("(?m)" + pattern)
	if err != nil {
		return nil, err
	}
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	var text string
	for end := time.Now().Add(patience); time.Now().Before(end); <-again.C {
		// Nothing can be read before the program has put something on the clipboard.
		if text, err = w.Read(at); err != nil {
			continue
		}
		if groups := compiled.FindStringSubmatch(text); groups != nil {
			return groups, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("the window does not show %q; it shows:\n%s", pattern, lastLines(text, 5))
}

func (w *Window) moveTo(at point) []string {
	return []string{"mousemove", "--window", w.id, strconv.Itoa(at.x), strconv.Itoa(at.y)}
}

// run runs a program that is expected to end soon, and returns what it printed.
func (d *Desktop) run(path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, path, args...)
	command.Env = append(command.Environ(), "DISPLAY="+d.display)
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return string(output), nil
}

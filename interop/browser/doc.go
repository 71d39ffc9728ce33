// Package browser tests the console of dtlsd in a real browser, headless Chromium, against the program as a user runs
// it and clients as they are. Pictures of what a person sees are left in .build/screenshots.
package browser

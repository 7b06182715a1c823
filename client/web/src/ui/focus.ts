// Moves the focus to the page's content if what had it is gone, so that a keyboard and a screen reader
// go on there and not at the window's beginning.
export function focusContentIfLost(): void {
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  document.getElementById("content")?.focus({ preventScroll: true });
}

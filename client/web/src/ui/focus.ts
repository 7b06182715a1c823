// Moves the focus to the page's content if what had it is gone, so that a keyboard and a screen reader
// go on there and not at the window's beginning.
export function focusContentIfLost(): void {
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  document.getElementById("content")?.focus({ preventScroll: true });
}

// The same for what is about to go: once what has the focus now is gone, however late it is drawn,
// unless the focus moves on by itself.
export function focusContentOnceLost(): void {
  const focused = document.activeElement;
  if (focused === null || focused === document.body) return focusContentIfLost();
  const observer = new MutationObserver(() => {
    if (!focused.isConnected) focusContentIfLost();
    if (document.activeElement !== focused) observer.disconnect();
  });
  observer.observe(document.body, { childList: true, subtree: true });
}

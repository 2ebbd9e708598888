// Helpers for the page's elements, and for the clipboard.

export const $ = <T extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as T;
export const field = (id: string) => $<HTMLInputElement>(id);
export const button = (id: string) => $<HTMLButtonElement>(id);

type Content = string | Node;
export function element(tag: string, attributes: Record<string, string> = {}, ...content: Content[]): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...content);
  return made;
}

/** Copies a text to the clipboard, and says so. */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    $('copied').textContent = `${what} copied.`;
  } catch {
    $('copied').textContent =
      `The browser does not allow copying. Programs are below, under “The program that does this”; the link is the page’s address.`;
    $<HTMLDetailsElement>('code').open = true;
  }
}

// The page's elements by their ids, and two things that are done with them.

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

/** A text to the clipboard, and a word about it. */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    $('copied').textContent = `${what} copied.`;
  } catch {
    $('copied').textContent =
      `The browser keeps its clipboard; ${what.toLowerCase()} stands below under “The program that does this”, or in the address.`;
    $<HTMLDetailsElement>('code').open = true;
  }
}

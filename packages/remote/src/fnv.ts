/** FNV-1a of the letters of a text, as a signed integer of 32 bits: the same on every node, and for ever. */
export function fnv1a(text: string): number {
  let digest = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    digest = Math.imul(digest ^ text.charCodeAt(index), 0x01000193)
  }
  return digest
}

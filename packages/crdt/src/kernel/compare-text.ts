/** Total order of texts by code unit, alike on every platform and in every locale. */
export function compareText(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1
}

// Whoever changes values goes by the name of its node's life, and counts its changes. Another one on the same life would count from
// the beginning, unless it has what was kept: what it did, others would take for what they have seen, and what it lacks for what it took out.
const begun = new WeakSet<object>()

/**
 * @param endpoint - of the node or client
 * @returns whether nobody has changed values on it before; from now on somebody has
 */
export function isFirstOn(endpoint: object): boolean {
  if (begun.has(endpoint)) return false
  begun.add(endpoint)
  return true
}

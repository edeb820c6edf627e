// Names of the actors of entities, whose ids may be any text.

const plain = /^[A-Za-z0-9_.:@~+-]{1,150}$/
const longest = 150

/**
 * The name of an entity's actor: its id, with what a name must not hold as `=` and the code in hex.
 *
 * @returns undefined where that would be too long: such an actor has a name of nobody in particular
 */
export function actorNameOf(entityId: string): string | undefined {
  if (plain.test(entityId)) return entityId
  if (entityId.length > longest) return undefined
  const name = entityId.replaceAll(
    /[^A-Za-z0-9_.:@~+-]/g,
    (unit) => `=${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return name.length > longest || name === '' ? undefined : name
}

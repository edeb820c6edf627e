/** A resource knows of a higher token. */
export class Stale extends Error {
  override readonly name = 'Stale'
}

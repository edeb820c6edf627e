/**
 * What was given in place of an allowed value, for the text of an error. It may hold a secret or be long:
 * text is cut at 100 letters, objects are only named.
 *
 * @example describeValue([1, 2]) // => 'a list'
 */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'missing'
    case 'string':
      return JSON.stringify(value.slice(0, 100))
    case 'function':
      return 'a function'
    case 'object':
      if (Object.prototype.toString.call(value) === '[object Date]') return 'a date'
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object'
    default:
      return String(value)
  }
}

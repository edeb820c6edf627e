/** Where nodes take WebSockets, unless they are told otherwise. */
export const defaultPath = '/casty'

/** What is allowed, in words. */
export const pathAllowed = 'the path of a URL, which begins with a slash'

export function isUrlPath(value: unknown): value is string {
  return typeof value === 'string' && /^\/[^?#\s]*$/.test(value)
}

/** The path that a request names, without its query. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}

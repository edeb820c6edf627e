import { TransportError } from '@casty/transport'

/** The lowest and the highest that an option may be, both included. */
export type Range = readonly [lowest: number, highest: number]

/**
 * Fills in the defaults of options that are all integers.
 *
 * @param of - whose they are, as in `tcpTransport`
 * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` for a value out of range or an unknown name
 */
export function numberOptions<Options extends { readonly [name in keyof Options]?: number }>(
  of: string,
  defaults: Required<Options>,
  ranges: Readonly<Record<keyof Options, Range>>,
  options: Options,
): Required<Options> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) requireAllowed(of, ranges, name, value)
  return { ...defaults, ...Object.fromEntries(given) }
}

function requireAllowed(
  of: string,
  ranges: Readonly<Record<string, Range>>,
  name: string,
  value: unknown,
): void {
  const range = Object.entries(ranges).find(([known]) => known === name)?.[1]
  if (!range) {
    const known = Object.keys(ranges).join(', ')
    throw TransportError.invalidOption(`An option of ${of}`, name, `one of ${known}`)
  }
  const [lowest, highest] = range
  if (typeof value === 'number' && Number.isInteger(value) && value >= lowest && value <= highest) {
    return
  }
  const wanted = `an integer from ${lowest} to ${highest}`
  throw TransportError.invalidOption(`${name} of ${of}`, value, wanted)
}

// Plans in words.
import type { Parameters, Plan, PlannedAction } from '@casty/simulation'

/** One line per host that is special, and one per action. */
export function planInWords({ hosts, chaosMs, settings, actions }: Plan): readonly string[] {
  return [
    `${hosts.length} hosts: ${hosts.map(({ name }) => name).join(' ')}; chaos for ${seconds(chaosMs)}`,
    ...settingsInWords(settings),
    ...hosts.flatMap((host) => clockInWords(host)),
    ...actions.map(actionInWords),
  ]
}

function settingsInWords(settings: Plan['settings']): readonly string[] {
  const entries = Object.entries(settings)
  if (entries.length === 0) return []
  return [`settings: ${entries.map(([name, value]) => `${name} ${String(value)}`).join(', ')}`]
}

function clockInWords({ name, rate = 1, wallOffsetMs = 0 }: Plan['hosts'][number]): string[] {
  if (rate === 1 && wallOffsetMs === 0) return []
  const partsPerMillion = Math.round((rate - 1) * 1e6)
  const offset = `${wallOffsetMs < 0 ? '−' : '+'}${seconds(Math.abs(wallOffsetMs))}`
  return [`clock of ${name}: ${partsPerMillion} ppm fast, wall clock ${offset}`]
}

/** `12.345 s  cut a → b, mode silent, for 300 ms` */
export function actionInWords({ at, type, parameters }: PlannedAction): string {
  const { host, from, to, bothWays, sides, ...others } = parameters
  const subjects = [
    ...(host === undefined ? [] : [String(host)]),
    ...(from === undefined ? [] : [`${from} ${bothWays === true ? '↔' : '→'} ${to}`]),
    ...(Array.isArray(sides) ? [sidesInWords(sides.map(String))] : []),
  ]
  const details = Object.entries(others).flatMap(([key, value]) => detailInWords(key, value))
  return [`${seconds(at).padStart(9)}  ${[type, ...subjects].join(' ')}`, ...details].join(', ')
}

function detailInWords(key: string, value: Parameters[string] | undefined): readonly string[] {
  if (value === undefined || value === false) return []
  const name = words(key)
  if (value === true) return [name]
  if (typeof value === 'number') {
    const unit = key.endsWith('Ms') ? ' ms' : ''
    return [`${name} ${Number(value.toPrecision(4))}${unit}`]
  }
  return [`${name} ${typeof value === 'string' ? value : value.join(' ')}`]
}

/** `oneWay` as `one way`, `forMs` as `for`. */
function words(key: string): string {
  return key.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

/** `1a 2b 1c` as `a c | b`. */
function sidesInWords(sides: readonly string[]): string {
  const numbers = [...new Set(sides.map((sided) => sided.charAt(0)))].toSorted()
  return numbers
    .map((number) => sides.filter((sided) => sided.startsWith(number)))
    .map((side) => side.map((sided) => sided.slice(1)).join(' '))
    .join(' | ')
}

/** Virtual time, to the millisecond. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`
}

export function bytes(count: number): string {
  return count < 10_000 ? `${count} B` : `${(count / 1_000).toFixed(1)} kB`
}

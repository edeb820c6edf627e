import type { ClusterConfig, DowningProvider } from '@casty/membership'
import { SbrError } from '../errors.ts'
import { isStrategy } from './settings.ts'
import { splitBrainResolver } from './split-brain-resolver.ts'

/**
 * A config with split-brain resolution on, unless it says otherwise. Only an option left out is the
 * default: `null` would be somebody's failed attempt to say something.
 *
 * @param of - who was given it, as in 'startCluster()'
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 */
export function withDowning(of: string, config: ClusterConfig): ClusterConfig {
  const given: unknown = config // A user without types may give anything.
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw SbrError.invalidOptions(of, given, ['transport', 'name', 'seedNodes', 'and more'])
  const { downing = splitBrainResolver() } = config
  return { ...config, downing: checked(of, downing) }
}

function checked(of: string, downing: DowningProvider): DowningProvider {
  const instead = 'downing: splitBrainResolver({ strategy })'
  if (isStrategy(downing))
    throw SbrError.bareStrategy(`Option downing of ${of}`, downing.name, instead)
  if (isProvider(downing)) return downing
  const allowed = 'a DowningProvider, such as splitBrainResolver({ strategy }), or nothing'
  throw SbrError.invalidOption(of, 'downing', downing, allowed)
}

function isProvider(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'start' in value &&
    typeof value.start === 'function'
  )
}

import { describeValue } from '@casty/options'
import { DDataError } from '../errors.ts'
import type { What } from '../values/canonical.ts'
import { whenThere, type Soon } from './when-there.ts'

/**
 * What checks values: Zod, Valibot, ArkType and others have it. See https://standardschema.dev, version 1, of which this
 * is the part that is used here.
 */
export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | PromiseLike<SchemaResult<Output>>
  }
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/**
 * What `use` makes of the value as the schema gives it back: at once, unless the schema takes its time.
 *
 * @param what - for the text of the error
 * @throws DDataError `CASTY_DDATA_VALIDATION`, with what the schema says; or rejects with it
 */
export function whenValid<T, R>(
  schema: StandardSchema<T> | undefined,
  value: T,
  what: What,
  use: (value: T) => R,
): Soon<R> {
  if (!schema) return use(value)
  const result = schema['~standard'].validate(value)
  // What a schema of another realm or library makes may be a promise to it alone.
  const soon = isPromiseLike(result) ? Promise.resolve(result) : result
  return whenThere(soon, (known) => use(accepted(known, what)))
}

function isPromiseLike<T>(result: T | PromiseLike<T>): result is PromiseLike<T> {
  // Whatever a schema answers with; users may have no types.
  return typeof (result as { readonly then?: unknown } | null | undefined)?.then === 'function'
}

function accepted<T>(result: SchemaResult<T>, what: What): T {
  // Users may have no types.
  if (typeof result !== 'object' || result === null) {
    throw new DDataError(
      'CASTY_DDATA_VALIDATION',
      `${what()} was not checked: its schema answered with ${describeValue(result)}, in place of a value or ` +
        'issues. Nothing was sent.',
    )
  }
  if (result.issues === undefined) return result.value
  const issues = result.issues.map(({ message }) => message).join('; ')
  throw new DDataError(
    'CASTY_DDATA_VALIDATION',
    `${what()} is not valid: ${issues}. Nothing was sent.`,
    { cause: result.issues },
  )
}

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
export function checkSchema(name: string, schema: StandardSchema<unknown> | undefined): void {
  if (schema === undefined) return
  // Users may have no types.
  const found: unknown = (schema as { readonly '~standard'?: unknown } | null)?.['~standard']
  if (typeof found === 'object' && found !== null && 'validate' in found) return
  throw DDataError.argument(name, schema, 'a Standard Schema, with a property ~standard')
}

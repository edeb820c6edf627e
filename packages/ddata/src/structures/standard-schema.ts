import { DDataError } from '../errors.ts'

/**
 * What checks values: Zod, Valibot, ArkType and others have it. See https://standardschema.dev, version 1, of which this
 * is the part that is used here.
 */
export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
  }
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/**
 * The value as the schema gives it back. Rejects with `CASTY_DDATA_VALIDATION`, with what the schema says.
 *
 * @param what - for the text of the error
 */
export async function validated<T>(
  schema: StandardSchema<T> | undefined,
  value: T,
  what: string,
): Promise<T> {
  if (!schema) return value
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  const issues = result.issues.map(({ message }) => message).join('; ')
  throw new DDataError(
    'CASTY_DDATA_VALIDATION',
    `${what} is not valid: ${issues}. Nothing was sent.`,
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

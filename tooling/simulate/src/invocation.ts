// How whoever started this starts it again: not everybody has pnpm.

const forms = new Map([
  ['pnpm', 'pnpm simulate'],
  ['node', 'node tooling/pnpm.mjs simulate'],
])

/** @param launcher - what `tooling/pnpm.mjs` says was typed */
export function invocationBy(launcher: string | undefined): string {
  return forms.get(launcher ?? '') ?? 'npm run simulate --'
}

/** The beginning of every command that is printed. */
export const invocation = invocationBy(process.env['CASTY_LAUNCHED'])

// What a bundler makes of a program for pages.
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'

export interface Bundle {
  readonly code: string
  /** What it asks for that is not in it: a page has none of that. */
  readonly imports: readonly string[]
  readonly warnings: readonly string[]
  /** The files that something of is in it. */
  readonly modules: readonly string[]
  readonly minifiedBytes: number
  readonly gzipBytes: number
}

/** The program with all it imports, in one file, as a page gets it. */
export async function bundle(program: string): Promise<Bundle> {
  const warnings: string[] = []
  await using build = await rolldown({
    input: program,
    platform: 'browser',
    resolve: { conditionNames: ['@casty/source', 'browser', 'import', 'default'] },
    onLog: (_level, { message }) => warnings.push(message),
  })
  const { output } = await build.generate({ format: 'es', minify: true })
  const [{ code, imports, dynamicImports, modules }, ...others] = output
  const present = Object.entries(modules).filter(([, { renderedLength }]) => renderedLength > 0)
  return {
    code,
    imports: [...imports, ...dynamicImports, ...others.map(({ fileName }) => fileName)],
    warnings,
    modules: present.map(([path]) => path),
    minifiedBytes: Buffer.byteLength(code),
    gzipBytes: gzipSync(code).length,
  }
}

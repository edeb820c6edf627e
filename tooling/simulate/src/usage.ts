import { invocation } from './invocation.ts'
import { scenarios } from './scenarios.ts'
import { suiteNames } from './suites.ts'

/** What `--help` shows. */
export const usage: string = [
  `Usage: ${invocation} [--seeds N] [--from N] [--scenario NAME] [--json]`,
  `       ${invocation} --suite NAME [--json]`,
  `       ${invocation} --seed N [--scenario NAME] [--diagram [FILE]]`,
  `       ${invocation} --plan FILE [--diagram [FILE]]`,
  `       ${invocation} --bugs [NAME,…] [--seeds N]`,
  `       ${invocation} --bugs NAME --seed N [--scenario NAME]`,
  `       ${invocation} --bugs list`,
  `       ${invocation} --scale SIZES [--without PHASES] [--seed N] [--json]`,
  '',
  '  --seeds N              run this many seeds (default 100; of each bug at most 200);',
  '                         of large clusters a fifth, unless --scenario names them',
  '  --from N               the first of them (default 1)',
  '  --scenario NAME        only this scenario (default: all), one of',
  ...scenarios.map(({ name }) => `                           ${name}`),
  `  --suite NAME           run the seeds that npm test runs, of ${suiteNames.join(' or ')}`,
  '  --seed N               run one seed, and tell all about it',
  '  --plan FILE            run a plan that was written down when it failed',
  '  --bugs [NAME,…]        switch on seeded bugs, each or these, alone, and see whether it is caught;',
  '                         with --seed or --plan: run that with the bug; list: name them all',
  '  --diagram [FILE]       with --seed or --plan: draw the run, as SVG',
  '  --scale SIZES          measure clusters of so many nodes: 100,1000,3000',
  '  --without PHASES       with --scale: leave these out, as in frozen,killed',
  '  --require-rare-states  fail when a rare state was never reached',
  '  --no-shrink            do not look for smaller plans that fail alike',
  '  --workers N            threads (default: one per core)',
  '  --json                 write JSON lines, for machines',
  '  --help                 show this',
  '',
  'Exit code: 0 nothing was violated, 1 something was (or fewer than 95 % of the bugs were caught),',
  '2 the command line is wrong, 130 interrupted.',
].join('\n')

import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

/**
 * Closes a vitest run with `N passed, N failed` and the number skipped, the line by which `npm test`
 * counts; before it, one line for each test that failed. What fails outside a test (a file that does not load, an unhandled rejection) counts too.
 */
export function closingLine(): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const states = modules.flatMap(statesOf)
      const count = (state: string) => states.filter((one) => one === state).length
      const broken = unhandledErrors.length + modules.flatMap(errorsOutsideTests).length
      for (const line of modules.flatMap(failures)) console.log(line)
      console.log(
        `\n${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`,
      )
    },
  }
}

function statesOf(testModule: TestModule): readonly string[] {
  return [...testModule.children.allTests()].map((test: TestCase) => test.result().state)
}

/** Each as `failed: <file> > <test>: <what was wrong>`. */
function failures(testModule: TestModule): readonly string[] {
  return [...testModule.children.allTests('failed')].map((test) => {
    const [wrong = ''] = (test.result().errors?.[0]?.message ?? '').split('\n')
    return `failed: ${testModule.relativeModuleId} > ${test.fullName}: ${wrong}`
  })
}

function errorsOutsideTests(testModule: TestModule): readonly unknown[] {
  const suites: readonly TestSuite[] = [...testModule.children.allSuites()]
  return [...testModule.errors(), ...suites.flatMap((suite) => suite.errors())]
}

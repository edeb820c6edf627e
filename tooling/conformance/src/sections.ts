// How vector files are laid out: lists of cases under one or several keys. What a suite does not know
// becomes a failing case, so that nothing in a file is passed over in silence.
import { isList, isObject, MalformedVector, objectsOf, textOf, type JsonObject } from './json.ts'
import { idOf, type Fact, type VectorCase } from './vector-case.ts'

/** Answers the cases of one kind. */
export type Rule = (data: JsonObject) => readonly Fact[]

/** Files with one list, `cases`, each naming its kind under `key`. */
export function casesByKind(
  suite: string,
  file: JsonObject,
  rules: Readonly<Record<string, Rule>>,
  key = 'kind',
): readonly VectorCase[] {
  const known = objectsOf(file['cases'], 'cases').map((data, index): VectorCase => {
    const kind = typeof data[key] === 'string' ? data[key] : 'unknown'
    const check = (): readonly Fact[] => ruleFor(rules, textOf(data[key], key), key)(data)
    return { suite, id: idOf(data, `cases[${index}]`), kind, data, check }
  })
  return [...known, ...unknownSections(suite, file, ['cases'])]
}

/** Files with a list of cases per kind, plain or as `{ cases }`. */
export function casesBySection(
  suite: string,
  file: JsonObject,
  rules: Readonly<Record<string, Rule>>,
): readonly VectorCase[] {
  const known = Object.entries(rules).flatMap(([kind, rule]) => {
    const section = file[kind]
    if (section === undefined) return []
    const list = isObject(section) ? section['cases'] : section
    return objectsOf(list, kind).map((data, index): VectorCase => ({
      suite,
      id: idOf(data, `${kind}[${index}]`),
      kind,
      data,
      check: () => rule(data),
    }))
  })
  return [...known, ...unknownSections(suite, file, Object.keys(rules))]
}

function ruleFor(rules: Readonly<Record<string, Rule>>, kind: string, key: string): Rule {
  const rule = Object.hasOwn(rules, kind) ? rules[kind] : undefined
  if (rule) return rule
  throw new MalformedVector(
    `${key} "${kind}" is unknown; known are ${Object.keys(rules).join(', ')}`,
  )
}

/** A failing case for each list of objects that no rule is for. */
function unknownSections(
  suite: string,
  file: JsonObject,
  known: readonly string[],
): readonly VectorCase[] {
  return Object.entries(file).flatMap(([key, section]) => {
    const list = isObject(section) ? section['cases'] : section
    if (known.includes(key) || !isList(list) || !list.some(isObject)) return []
    return [failing(suite, key, `section "${key}" is unknown; known are ${known.join(', ')}`)]
  })
}

/** A case that fails for a reason of its own. */
export function failing(suite: string, id: string, reason: string): VectorCase {
  const check = (): never => {
    throw new MalformedVector(reason)
  }
  return { suite, id, kind: 'unknown', data: {}, check }
}

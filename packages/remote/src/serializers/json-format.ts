// The format of `jsonSerializer()`: JSON in UTF-8. What JSON has no word for is an object with one property
// whose name starts with `$`:
//
//   {"$undefined":true}              {"$number":"NaN" | "Infinity" | "-Infinity" | "-0"}
//   {"$bigint":"-12"}                {"$date":1700000000000}          {"$bytes":"base64"}
//   {"$map":[key,value,…]}           {"$set":[item,…]}                {"$ref":"text of the ref"}
//   {"$class":["name",data]}         {"$error":{"name":…,"message":…,"code":…,"cause":…}}
//
// A plain object that has a property whose name starts with `$` is {"$object":{…}}, whose inner names stand
// for themselves.

export function isTag(key: string): boolean {
  return key.startsWith('$')
}

/** How deep JSON can be for a message of such a depth: a tag adds one to each level, and one is for what is inside. */
export function jsonDepth(maxDepth: number): number {
  return maxDepth * 2 + 1
}

/** How many commas and brackets JSON can have for a message of so many elements: a tag adds two to each. */
export function jsonValues(maxElements: number): number {
  return (maxElements + 1) * 4
}

import { anchorOf, tableOf } from './made-part.js'

/** @typedef {Readonly<Record<string, any>>} Json */

/**
 * The operations of an OpenAPI document by the list that they are about, and the objects that come and go.
 * @param {Json} document
 */
export function apiPart({ paths, tags, components }) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const sections = tags.map((/** @type {Json} */ { name }) => {
    const own = operations.filter(({ operation }) => operation.tags[0] === name)
    return `## ${name}\n\n${own.map(operationText).join('\n')}`
  })
  const contents = operations.map((one) => {
    const title = titleOf(one)
    return `- [${title}](#${anchorOf(title)}): ${one.operation.summary}\n`
  })
  const objects = Object.entries(components.schemas).map(([name, schema]) => objectText(name, schema))
  return `## All operations\n\n${contents.join('')}\n${sections.join('\n')}\n## Objects\n\nWhat stands in answers, by the names that are used above. A member with \`?\` may lack.\n\n${objects.join('\n')}`
}

/** @param {{ path: string, method: string, operation: Json }} all */
function titleOf({ path, method, operation: { servers } }) {
  const base = servers ? servers[0].url.replace(/^(\.\.)?(\/\.\.)*/, '') : '/api/v1'
  return `${method.toUpperCase()} ${base}${path}`
}

/** @param {{ path: string, method: string, operation: Json }} all */
function operationText({ path, method, operation }) {
  const { summary, description, security, parameters = [], requestBody, responses } = operation
  const scopes = security.flatMap((/** @type {Json} */ one) => one.apiKey)
  const needs =
    security.length === 0
      ? ''
      : ` Scope: ${scopes.length === 0 ? 'any' : scopes.map((/** @type {string} */ one) => `\`${one}\``).join(', ')}.`
  const rows = parameters
    .filter((/** @type {Json} */ one) => one.in === 'query')
    .map((/** @type {Json} */ one) => memberRow(one.name, one.schema, one.required))
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) =>
    bodyText(type, schema),
  )
  return [
    `### ${titleOf({ path, method, operation })}\n\n${sentence(summary)}${needs}${description ? ` ${description}` : ''}\n`,
    ...(rows.length > 0 ? [`In the query:\n\n${tableOf(['parameter', 'type', ''], rows)}`] : []),
    ...(bodies.length > 0
      ? [`${requestBody.required ? 'Body' : 'Body, which may lack'}: ${bodies.join('\nOr: ')}`]
      : []),
    `Answers: ${answersText(responses)}.\n`,
  ].join('\n')
}

/**
 * @param {string} type
 * @param {Json | undefined} schema
 */
function bodyText(type, schema) {
  if (schema === undefined) return `\`${type}\`, as it is\n`
  return `\`${type}\`\n\n${tableOf(['member', 'type', ''], membersOf(schema))}`
}

/** @param {Json} responses */
function answersText(responses) {
  const good = Object.entries(responses).filter(([status]) => /^[23]/.test(status))
  const bad = Object.keys(responses).filter((status) => /^[45]/.test(status))
  const shown = good.map(([status, { content = {} }]) => {
    const types = Object.entries(content).map(([type, { schema }]) =>
      schema?.$ref ? `${typeOf(schema)}${type.includes('ndjson') ? ' as JSON lines' : ''}` : `\`${type}\``,
    )
    return `\`${status}\`${types.length > 0 ? ` ${types.join(' or ')}` : ''}`
  })
  return `${shown.join(', ')}; when it fails, ${bad.map((status) => `\`${status}\``).join(', ')}`
}

/**
 * @param {string} name
 * @param {Json} schema
 */
function objectText(name, schema) {
  const about = schema.description ? `${schema.description}\n\n` : ''
  const rows = membersOf(schema)
  return `### ${name}\n\n${about}${rows.length > 0 ? tableOf(['member', 'type', ''], rows) : `${typeOf(schema)}\n`}`
}

/**
 * The members of an object, those of objects in it below their name.
 * @param {Json} schema
 * @param {string} before
 * @returns {string[][]}
 */
function membersOf(schema, before = '') {
  const { properties = {}, required = [] } = schema
  return Object.entries(properties)
    .filter(([, one]) => one.not === undefined)
    .flatMap(([name, one]) => {
      const path = `${before}${name}`
      const inner = innerOf(one)
      const row = memberRow(path, one, required.includes(name))
      return inner === undefined
        ? [row]
        : [row, ...membersOf(inner, `${path}${one.type === 'array' ? '[].' : '.'}`)]
    })
}

/** @param {Json} schema */
function innerOf(schema) {
  const one = schema.type === 'array' ? schema.items : schema
  return one.properties === undefined ? undefined : one
}

/**
 * @param {string} name
 * @param {Json} schema
 * @param {boolean} isRequired
 */
function memberRow(name, schema, isRequired) {
  const examples = schema.examples?.map((/** @type {unknown} */ one) => `\`${shown(one)}\``)
  const about = [schema.description, examples && `Such as ${examples.join(', ')}.`]
  return [
    `\`${name}\`${isRequired ? '' : '?'}`,
    typeOf(schema),
    about.filter((text) => text !== undefined).join(' '),
  ]
}

/** @param {unknown} value */
function shown(value) {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** @param {Json} schema @returns {string} */
function typeOf(schema) {
  const { $ref, type, items, enum: choices, anyOf, oneOf, additionalProperties, properties } = schema
  if ($ref !== undefined) {
    const name = $ref.slice($ref.lastIndexOf('/') + 1)
    return `[${name}](#${anchorOf(name)})`
  }
  if (schema.const !== undefined) return `\`${shown(schema.const)}\``
  if (choices !== undefined)
    return choices.map((/** @type {unknown} */ one) => `\`${shown(one)}\``).join(', ')
  if (anyOf ?? oneOf) return [...new Set((anyOf ?? oneOf).map(typeOf))].join(' or ')
  if (type === 'array') return `list of ${innerOf(schema) ? 'objects' : typeOf(items)}`
  if (type === 'object' && properties === undefined && typeof additionalProperties === 'object')
    return Object.keys(additionalProperties).length === 0
      ? 'object'
      : `object of ${typeOf(additionalProperties)}`
  return type === undefined ? 'anything' : [type].flat().join(' or ')
}

/** @param {string} text */
function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

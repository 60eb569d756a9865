import { z } from 'zod'
import { openApiDocument } from '../../src/web/api/openapi.ts'

export interface Answered {
  status: number
  type: string
  text: string
  headers: Readonly<Record<string, string>>
}

interface DocumentedAnswer {
  $ref?: string
  content?: Readonly<Record<string, { schema?: z.core.JSONSchema.BaseSchema }>>
  headers?: Readonly<Record<string, unknown>>
}

interface DocumentedOperation {
  responses: Readonly<Record<string, DocumentedAnswer>>
}

interface Documented {
  paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>
  components: {
    schemas: Readonly<Record<string, z.core.JSONSchema.BaseSchema>>
    responses: Readonly<Record<string, DocumentedAnswer>>
  }
}

/** As programs read it: through JSON. */
export const documented: Documented = JSON.parse(JSON.stringify(openApiDocument('0.1.0')))

const checks = new Map<string, z.ZodType>()

/** What reads a schema of the document, by itself and nothing that it was made from. */
export function checkOf(schema: object): z.ZodType {
  const text = JSON.stringify(schema)
  const known = checks.get(text)
  if (known) return known
  const whole = JSON.stringify({ ...schema, $defs: documented.components.schemas })
  const check = z.fromJSONSchema(JSON.parse(whole.replaceAll('#/components/schemas/', '#/$defs/')))
  checks.set(text, check)
  return check
}

/**
 * What is wrong with an answer of the API by its own document: a status, a type, a header or a member that is
 * not in it. Empty: nothing.
 */
export function undocumented(method: string, path: string, answered: Answered): string[] {
  const { status, type, text, headers } = answered
  const [plain = ''] = path.split('?')
  const operation = operationAt(plain)?.[method]
  // No operation, or one that is asked for in a way that has none.
  if (operation === undefined)
    return status >= 400 ? problemMistakes(answered) : [`${status} for no operation`]
  if (status >= 400) return problemMistakes(answered)
  const answer = operation.responses[status]
  if (answer === undefined) return [`the status ${status} is not documented`]
  const missing = Object.keys(answer.headers ?? {}).filter((name) => !(name.toLowerCase() in headers))
  const mistakes = missing.map((name) => `the header ${name} is missing`)
  if (answer.content === undefined) return text === '' ? mistakes : [...mistakes, 'no body is documented']
  const content = answer.content[type]
  if (content === undefined) return [...mistakes, `the type ${type} is not documented`]
  if (type === 'text/plain' || content.schema === undefined) return mistakes
  const lines = text.split('\n').filter((line) => line !== '')
  const bodies = type === 'application/x-ndjson' ? lines : [text]
  return [...mistakes, ...bodies.flatMap((body) => mistakesOf(content.schema ?? {}, body))]
}

function problemMistakes({ type, text }: Answered): string[] {
  if (type !== 'application/problem+json') return [`the type of a problem is ${type}`]
  return mistakesOf({ $ref: '#/components/schemas/Problem' }, text)
}

function mistakesOf(schema: object, body: string): string[] {
  const result = checkOf(schema).safeParse(JSON.parse(body))
  return result.success ? [] : [`${z.prettifyError(result.error)} in ${body.slice(0, 300)}`]
}

function operationAt(path: string) {
  const parts = path.split('/')
  const fits = (template: string) => {
    const wanted = template.split('/')
    return (
      wanted.length === parts.length &&
      wanted.every((one, place) => one === parts[place] || one.startsWith('{'))
    )
  }
  const exact = documented.paths[path]
  return exact ?? Object.entries(documented.paths).find(([template]) => fits(template))?.[1]
}

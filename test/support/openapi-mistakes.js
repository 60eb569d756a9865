import { Validator } from '@seriousme/openapi-schema-validator'

/**
 * What a public validator finds wrong with an OpenAPI document, by the schema of its version.
 * @param {Record<string, unknown>} document
 */
export async function openApiMistakes(document) {
  const validator = new Validator()
  const { valid, errors = [] } = await validator.validate(structuredClone(document))
  return { valid, errors, version: validator.version }
}

import { expect, it } from 'vitest'
import { openApiMistakes } from '../support/openapi-mistakes.js'
import { documented } from './documented.ts'

it('a public validator finds nothing wrong with the OpenAPI document', async () => {
  expect(await openApiMistakes({ ...documented })).toEqual({ valid: true, errors: [], version: '3.1' })
})

it('the validator tells a document that is not right', async () => {
  const { valid } = await openApiMistakes({ ...documented, paths: { mailboxes: { get: { summary: 1 } } } })
  expect(valid).toBe(false)
})

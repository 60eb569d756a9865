import { describe, expect, it } from 'vitest'
import type { Address } from '../../src/model/address.ts'
import { tokens } from '../providers/token-endpoint.ts'
import { failureOf, startBroker, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startBroker>>

startEach(startBroker, (started) => {
  house = started
})

const secretOf = async (address: Address) => (await house.broker.accessTokenFor(address)).secret.reveal()

async function addDomain(): Promise<void> {
  await house.store.addMailbox('*@example.org')
  await house.store.grantWithoutPerson('*@example.org')
}

describe('the grant of a whole domain', () => {
  it('each address has its own token, however many ask at once', async () => {
    await addDomain()
    const addresses = Array.from({ length: 20 }, (_, place): Address => `a${place}@example.org`)
    house.endpoint.answer(...addresses.map((_, place) => tokens(`token-${place}`)))
    const given = await Promise.all(addresses.map(secretOf))
    expect(new Set(given).size).toBe(20)
    expect(await secretOf('A7@example.org')).toBe(given[7])
    expect(house.endpoint.requests).toHaveLength(20)
    expect(house.endpoint.requests[0]?.form).toMatchObject({ grant_type: 'client_credentials' })
    expect(house.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
  })

  it('an address with an entry of its own has its own grant', async () => {
    await addDomain()
    await house.store.addMailbox('own@example.org')
    await house.store.consent('own@example.org', 'refresh-of-its-own')
    house.endpoint.answer(tokens('of-a-person'))
    await secretOf('own@example.org')
    expect(house.endpoint.requests[0]?.form).toMatchObject({ refresh_token: 'refresh-of-its-own' })
  })

  it('a refusal for one address troubles no other', async () => {
    await addDomain()
    house.endpoint.answer({ status: 400, json: { error: 'invalid_grant' } }, tokens('fine'))
    expect(await failureOf(secretOf('nobody@example.org'))).toMatchObject({ code: 'provider-setup' })
    expect(await secretOf('somebody@example.org')).toBe('fine')
    expect(await house.store.grantOf('*@example.org')).toMatchObject({ state: 'active' })
  })

  it('a change of the grant forgets the tokens of all of them', async () => {
    await addDomain()
    house.endpoint.answer(tokens('one'), tokens('two'), tokens('one-again'))
    expect([await secretOf('a@example.org'), await secretOf('b@example.org')]).toEqual(['one', 'two'])
    house.broker.grantChanged('*@example.org')
    expect(await secretOf('a@example.org')).toBe('one-again')
  })

  it('the grant does not reach beyond its domain', async () => {
    await addDomain()
    expect(await failureOf(secretOf('a@sub.example.org'))).toMatchObject({ code: 'not-found' })
  })
})

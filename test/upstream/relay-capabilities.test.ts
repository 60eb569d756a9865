import { describe, expect, it } from 'vitest'
import { intersect } from '../../src/upstream/known-capabilities.ts'
import { signsIn } from '../support/provider-scripts.ts'
import { me } from '../support/relay-stage.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'

const all = { eightBitMime: true, smtpUtf8: true, dsn: true, enhancedStatusCodes: true }
const none = { eightBitMime: false, smtpUtf8: false, dsn: false, enhancedStatusCodes: false }

describe('what is offered to clients', () => {
  it.each([
    ['everything, without a size, before there is a provider', [], all],
    ['what the only provider offers', [{ ...all, dsn: false, size: 5 }], { ...all, dsn: false, size: 5 }],
    ['what every provider offers', [all, { ...none, smtpUtf8: true }], { ...none, smtpUtf8: true }],
    [
      'the smallest size',
      [
        { ...all, size: 7 },
        { ...all, size: 5 },
        { ...all, size: 9 },
      ],
      { ...all, size: 5 },
    ],
    [
      'the only figure',
      [
        { ...all, size: 0 },
        { ...all, size: 5 },
      ],
      { ...all, size: 5 },
    ],
    ['a size without a figure', [{ ...all, size: 0 }], { ...all, size: 0 }],
    ['no size that one of them has not', [{ ...all, size: 5 }, all], all],
  ])('the offer is %s', (_, offers, expected) => {
    expect(intersect(offers)).toEqual(expected)
  })

  const stage = useScriptedStage()

  it('the offer is the preset until the provider itself has been heard', async () => {
    const { relay } = await stage(async (client) => {
      await signsIn(client, ['SIZE 4711', '8BITMIME'])
      await client.gone()
    })
    expect(relay.capabilities()).toEqual({ ...all, size: 10_000_000 })
    await relay.verify(me)
    expect(relay.capabilities()).toEqual({ ...none, eightBitMime: true, size: 4711 })
  })
})

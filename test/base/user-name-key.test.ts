import { describe, expect, it } from 'vitest'
import { meantBy, userNameKey } from '../../src/base/text.ts'

describe('the key of a user name', () => {
  it.each([
    ['Till@Example.test', 'till@example.test'],
    ['\uff34\uff29\uff2c\uff2c', 'till'],
    ['BU\u0308RO', 'b\u00fcro'],
    ['\u212a', 'k'],
    ['\uff8c\uff9f\uff98\uff9d\uff80', '\u30d7\u30ea\u30f3\u30bf'],
    ['__PROTO__', '__proto__'],
  ])('the key of %j is %j', (name, key) => {
    expect(userNameKey(name)).toBe(key)
    expect(userNameKey(key)).toBe(key)
  })

  it('names that differ in more than that have different keys', () => {
    const names = ['till', 'til', 'till ', 't\u0131ll', 'töll', 'tіll']
    expect(new Set(names.map(userNameKey)).size).toBe(names.length)
  })
})

describe('a name among those that are alike', () => {
  const [till, other] = [{ userName: 'till' }, { userName: 'Till' }]

  it('the name meant is the one that is spelled so, or the only one', () => {
    expect(meantBy([till, other], 'Till')).toBe(other)
    expect(meantBy([till], 'TILL')).toBe(till)
    expect(meantBy([till, other], 'TILL')).toBeUndefined()
    expect(meantBy([], 'till')).toBeUndefined()
  })
})

import { describe, expect, it } from 'vitest'
import { checkChosenPassword, preparePassword } from '../../src/credentials/password-policy.ts'
import { refusalOfPassword } from './refusal-of-password.ts'

const names = ['scanner', 'front.desk@example.com']

const refusalOf = (password: string) => refusalOfPassword(password, names)

describe('the policy for chosen passwords', () => {
  const refused: [string, RegExp][] = [
    ['', /10 characters to 256 octets/],
    ['x7#Kp2!vQ', /has 9 characters/],
    ['ü€𝔘x7#Kp2', /has 9 characters/],
    ['x7#Kp2!vQm'.repeat(26), /256 octets/],
    ['x7#Kp2!v\u0007Qm', /control character/],
    ['x7#Kp2!v\nQm', /control character/],
    ['my-Scanner-91x', /contains "scanner"/],
    ['xFRONT.DESK92', /contains "front.desk"/],
    ['front.desk@example.com!', /contains "front.desk@example.com"/],
    ['aaaaaaaaaaaa', /only 1 different/],
    ['ababcdabcdab', /only 4 different/],
    ['x7Kp2x7Kp2', /repeats/],
    ['x7Kp2x7Kp2x7K', /repeats/],
    ['abcdefghijkl', /run/],
    ['zyxwvutsrqp', /run/],
    ['1234567890', /run/],
    ['0987654321', /run/],
    ['7890123456', /run/],
    ['qwertyuiop', /run/],
    ['QWERTZUIOP', /run/],
    ['poiuytrewq', /run/],
    ['yuiopasdfghj', /run/],
    ['abcdefghij1!', /run/],
    ['1984061723', /number of fewer than 16/],
    ['password123', /too easy to guess/],
    ['P@ssw0rd2024!', /too easy to guess/],
    ['p4$$w0rd!!99', /too easy to guess/],
    ['Welcome-2025', /too easy to guess/],
    ['admin_password', /too easy to guess/],
    ['iloveyou-forever', /too easy to guess/],
    ['1qaz2wsx3edc', /run/],
    ['Sommer2024!!', /too easy to guess/],
    ['changeme!changeme?', /too easy to guess/],
    ['Liverpool#1892', /too easy to guess/],
  ]
  it.each(refused)('%j is refused with a reason', async (password, why) => {
    expect(await refusalOf(password)).toMatch(why)
  })

  const accepted = [
    'x7#Kp2!vQm',
    'correct horse battery lamp',
    'mauve kettle orbits twice',
    'läuft-über-Kies7',
    '8405917362849501',
    'Tr0ub4dor&3x',
    'abcd-Vk9w2Lq',
    '密码很长而且没有人会猜到它',
  ]
  it.each(accepted)('%j is accepted', async (password) => {
    expect(await refusalOf(password)).toBeUndefined()
  })

  it('the refusal never repeats the password', async () => {
    for (const [password] of refused.filter(([text]) => text.length > 12)) {
      expect(await refusalOf(password)).not.toContain(password)
    }
  })

  it('names of one or two letters do not count', async () => {
    expect(await checkChosenPassword('x7#Kp2!vQm', ['k', 'vq@example.com'])).toBe('x7#Kp2!vQm')
  })
})

describe('a password before it is hashed', () => {
  it('a password is the same however its letters and spaces were typed', () => {
    expect(preparePassword('cafe\u0301\u00a0x')).toBe('caf\u00e9 x')
    expect(preparePassword('caf\u00e9\u3000x')).toBe('caf\u00e9 x')
  })

  it('a password keeps its case and the spaces at its ends', () => {
    expect(preparePassword(' Aa ')).toBe(' Aa ')
  })

  it.each(['', 'a\0b', 'a\r', 'x'.repeat(257), 'é'.repeat(129)])(
    '%j is no password that a login can have',
    (text) => {
      expect(preparePassword(text)).toBeUndefined()
    },
  )
})

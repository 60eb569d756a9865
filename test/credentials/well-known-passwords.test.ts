import { describe, expect, it } from 'vitest'
import { refusalOfPassword } from './refusal-of-password.ts'

const names = ['hall copier', 'scans@bluebird-logistics.example']

// From published lists of the passwords that leak most often, and what people make of them when ten characters are asked for.
const wellKnown = `
1234567890 0987654321 123456789a a123456789 Aa123456789 Aa@123456789 12345678910 1q2w3e4r5t 1q2w3e4r5t6y
q1w2e3r4t5y6 1qaz2wsx3edc 1qaz@WSX3edc !QAZ2wsx#EDC qazwsxedcrfv qwertyuiop qwerty12345 Qwerty@123 qwerty123456
QwErTy1234! azertyuiop azerty12345 asdfghjkl1 asdfghjkl: asdf1234asdf zxcvbnm123 123qweasdzxc qweasdzxc123
poiuytrewq 1234qwerasdf zaq12wsxcde3 147258369a 1029384756 5555555555 aaaaaaaaaa abc1234567 abcd@12345 Abcd1234!!
Password123 password1234 P@ssw0rd123 P@$$w0rd2024 Pa55w0rd!! passw0rd2025 1Password! MyPassword1 thisismypassword
NewPassword1! drowssap123 password.123 passwordpassword letmein2024! LetMeIn123456 welcome@123 Welcome2025! Willkommen1!
admin12345 Admin@1234 adminadmin administrator administrator1 changeme123 ChangeMe!2024 master12345 superuser1
iloveyou123 iloveyou12 ILoveYou2! princess123 sunshine2023 Summer2024! Winter2023!! Sommer2025! September1! Dezember24!
football123 Liverpool1 realmadrid1 manchester1 barcelona10 starwars2024 superman123 pokemon2000 minecraft1! linkinpark1
harrypotter7 michael1985 Jennifer#1 christopher alexander1 elizabeth1 Thomas1990! pakistan123 jesuschrist1
liverpool2019 mercedes300 trustno1trustno1 monkeydragon blink182blink printer2024! Scanner#123 smtp-relay-1 postern123!
mailserver1 ScanToMail2024 Office365!! Microsoft365 Bluebird2024! logistics-scan1 companyname! correcthorsebatterystaple
ghbdtn12345 parol123456 motdepasse1 Contraseña1 passwort2024 geheim12345 hasloHaslo1 Tequiero123
`
  .split(/\s+/)
  .filter((password) => password !== '')

const good = [
  'x7#Kp2!vQm',
  'gT5rmw9Lqd',
  'Vb4xKq8zJn2p',
  '4f9c-Lk27-wXq1',
  '8405917362849501',
  'correct horse battery lamp',
  'mauve kettle orbits twice',
  'vier Elche im Nebel',
  'läuft-über-Kies7',
  'Tr0ub4dor&3x',
  'brisk ferns glide upward',
  'ochre teapot beneath seven gulls',
  'plinth-quorum-92-vexed',
  'мокрый чайник скользит',
  '密码很长而且没有人会猜到它',
  'Wm3#nd&Gkz',
  'my dog ate three purple staplers',
  'zebra.umbrella.crisp.lathe',
  'Ogre8Flume2Tact6Pry',
  'hj2-kd9-qw7-zm4',
]

const refusalOf = (password: string) => refusalOfPassword(password, names)

describe('passwords that everybody tries first', () => {
  it('more than a hundred are here, all of them long enough', () => {
    expect(wellKnown.filter((password) => [...password].length >= 10).length).toBeGreaterThan(100)
    expect(wellKnown.filter((password) => [...password].length < 10)).toEqual([])
  })

  it.each(wellKnown)('a password that everybody tries first is refused: %s', async (password) => {
    expect(await refusalOf(password)).toMatch(/^This password is refused: it /)
  })
})

it.each([
  'dragon-monkey-tiger',
  'correct horse battery',
  'hello world 123',
  'dragon12monkey34',
  'john.smith.1984',
  'Canon-Printer-1',
])('two or three words are refused, whatever stands between them: %s', async (password) => {
  expect(await refusalOf(password)).toMatch(/ is too easy to guess /)
})

describe('passwords that nobody guesses', () => {
  it.each(good)('a good password is taken: %s', async (password) => {
    expect(await refusalOf(password)).toBeUndefined()
  })

  it('a password of letters and digits alone is taken when it was drawn at random', async () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
    let seed = 20240607
    const draw = () => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31
      return letters.charAt(Math.floor((seed / 2 ** 31) * letters.length))
    }
    const drawn = Array.from({ length: 500 }, () => Array.from({ length: 14 }, draw).join(''))
    const refusals = await Promise.all(drawn.map(refusalOf))
    expect(drawn.filter((_, at) => refusals[at] !== undefined)).toEqual([])
  })
})

it('the longest password there may be takes no longer to judge than one of 64 characters', async () => {
  const pieces = ['a1', 'thisismy', 'qwe', '1', 'p4$$w0rd', '@dm1n 5cr1b3', '{"a":\\b7']
  const milliseconds = async (characters: number) => {
    const before = process.cpuUsage()
    for (const piece of pieces) await refusalOf(piece.repeat(200).slice(0, characters))
    return process.cpuUsage(before).user / 1000
  }
  await milliseconds(64)
  // Of processor time, side by side, the best of three: what else the machine does costs both.
  const times = { short: Number.POSITIVE_INFINITY, long: Number.POSITIVE_INFINITY }
  for (let round = 0; round < 3; round += 1) {
    times.short = Math.min(times.short, await milliseconds(64))
    times.long = Math.min(times.long, await milliseconds(256))
  }
  expect(times.long / times.short).toBeLessThan(3)
})

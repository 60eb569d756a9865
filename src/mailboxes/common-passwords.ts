/**
 * What people take when they are asked for a password, in lower case and without the digits and signs that they put
 * around it: guessers try these first, alone, doubled, joined and decorated. Keyboard walks stand here as their
 * parts; plain runs (`abcdef`, `987654`) are found by the policy itself.
 */
const entries = `
password passwort passw0rd passwd pass motdepasse contrasena contraseña senha parola hasło haslo wachtwoord lösenord
salasana adgangskode passord jelszo heslo sifre şifre mima 密码 пароль parol kennwort geheim geheimnis secret secreto
segreto topsecret private access letmein letme opensesame sesame welcome willkommen bienvenue bienvenido benvenuto
welcom hello hallo bonjour hola ciao login logon signin user username admin administrator administrateur root toor
sysadmin superuser superadmin manager master supervisor operator guest gast default standard test tester testing
testtest temp temporary demo sample example changeme change changeit changethis change_me pleasechange please
newpassword mypassword mypass yourpassword thepassword nopassword blank none null undefined unknown system server
service computer internet network windows microsoft office outlook exchange google gmail yahoo hotmail apple iphone
android samsung nokia facebook twitter linkedin instagram youtube amazon netflix ubuntu debian linux oracle database
mysql postgres postgresql cisco router switch firewall printer scanner drucker copier canon epson brother xerox ricoh
kyocera konica minolta lexmark toshiba sharp hewlett packard mailbox postmaster webmaster email mail smtp relay
postern company firma business office365 support helpdesk sales info contact backup monitor nagios zabbix grafana
qwerty qwertz azerty qwert qwer qwe asd zxc yxc asdf asdfg asdfgh asdfghjkl asdfjkl zxcv zxcvb zxcvbn zxcvbnm yxcvbnm wxcvbn qwertyuiop
qwertzuiop azertyuiop poiuytrewq lkjhgfdsa mnbvcxz qazwsx qazwsxedc qazxsw wsxedc edcrfv rfvtgb tgbyhn yhnujm
1qaz 2wsx 3edc 4rfv 5tgb 6yhn 7ujm 8ik zaq1 xsw2 cde3 vfr4 zaq qaz wsx edc rfv 1q2w3e 1q2w3e4r 1q2w3e4r5t q1w2e3
q1w2e3r4 q1w2e3r4t5 qweasd qweasdzxc asdzxc qwaszx 1qazxsw2 1qaz2wsx a1b2c3 a1b2c3d4 abc123 123abc aabbcc abcabc
iloveyou iloveu ilove loveyou lovely love lover loveme ichliebedich liebe tequiero teamo jetaime amore amour amor
sweetheart honey baby babygirl angel angels princess prinzessin princesa prince queen king kings beautiful pretty
cutie sweetie darling schatz schatzi hase mausi sunshine sonnenschein sunflower sunny moonlight rainbow butterfly
flower blossom chocolate cookie cookies cheese coffee pepper banana orange apples cherry strawberry peanut pumpkin
football fussball baseball basketball hockey soccer tennis golf golfer cricket rugby volleyball liverpool arsenal
chelsea barcelona realmadrid juventus manchester united bayern dortmund yankees lakers cowboys steelers eagles
dragon monkey tiger lion panther eagle falcon wolf bear panda kitten kitty cat dog doggy puppy horse dolphin shark
spider snake phoenix unicorn turtle rabbit bunny elephant chicken duck
superman batman spiderman ironman captain joker harley pokemon pikachu naruto mario zelda sonic minecraft fortnite
roblox starwars skywalker jedi vader yoda matrix trinity neo hunter ranger ninja samurai warrior knight wizard
merlin gandalf frodo potter harrypotter hogwarts thor odin zeus apollo hercules titan
michael michelle jessica jennifer jordan joshua ashley amanda andrew anthony daniel david thomas robert william
richard charlie charles george james john johnny joseph matthew nicole natasha sophie sarah samantha stephanie
maria marie martin peter patrick paul stefan andreas alexander alexandra christian christine sandra sabine thorsten
hannah emma lisa laura julia anna tom tommy tim max maggie buster bailey ginger lucky molly sasha shadow smokey
rocky rusty toby tigger
summer winter spring autumn fall sommer herbst fruehling frühling ete hiver verano invierno january february march
april may june july august september october november december januar februar märz maerz mai juni juli oktober
dezember monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag
sonntag birthday geburtstag christmas weihnachten newyear easter holiday vacation urlaub
london paris berlin hamburg munich muenchen vienna wien zurich madrid rome roma milano moscow tokyo newyork boston
chicago dallas houston texas florida california america american usa england germany deutschland france espana italia
brasil canada australia austria schweiz russia china japan india mexico
mustang ferrari porsche mercedes corvette camaro harley-davidson yamaha honda toyota jaguar audi bmw volkswagen
money dollar cash rich gold golden silver diamond platinum crystal magic power energy freedom liberty peace victory
winner champion legend hero star stars galaxy cosmos trustno trustme nothing whatever something everything fuckyou
fuckoff fuck shit asshole bitch pussy sex sexy hotstuff badboy badass killer death devil satan demon heaven hell
jesus jesuschrist christ god godisgood blessed bless faith hope grace church family friends forever always together
mother father mama papa mommy daddy sister brothers son daughter home house school college university student teacher
music guitar piano drummer rock metallica nirvana slipknot eminem beatles elvis hiphop dance dancer
thunder lightning storm hurricane fire water earth ocean river mountain forest snow snowball ice
correcthorsebatterystaple correct battery staple
`

export const commonPasswords: ReadonlySet<string> = new Set(
  entries.split(/\s+/).filter((entry) => entry !== ''),
)

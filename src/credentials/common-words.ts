/**
 * Names, and the words of daily life, of play and of offices: what passwords are mostly built of,
 * besides `commonPasswords`. In lower case, without plurals.
 */
const words = `
aaron abigail adam adrian adriana alan albert alberto alejandra alejandro aleksandr alessandro alex alexandre
alexis alfred alice alicia alison allison alyssa amber amelia amy ana anastasia anderson andre andrea andrei
andrey angela angelica angelina angelo anita anne annie antonio arnold arthur audrey austin barbara becker
bella ben benjamin benny bernard bernd betty bianca bill billy bob bobby bonnie brad bradley brandon brandy
brenda brian brianna britney brittany brooke brown bruce bryan caleb calvin cameron camila camille carl carla
carlos carmen carol carolina caroline carter casey cassie catherine celine chad charlotte chloe chris
christina christophe christopher cindy claire clara claudia connor cooper corey courtney cristian cristina
damian dan dana daniela danielle danny dave davis debbie denise dennis derek diana diane diego dieter dominic
donald donna doris douglas dupont durand dylan earl eddie edgar eduardo edward elaine elena eli elias elijah
elizabeth ella ellen emil emily emmanuel eric erica erik erika erin esther ethan eugene eva evan fabian fatima
felipe felix fernando fischer florian francesca francesco francis francisco frank frankie franklin franz fred
freddy frederic fritz gabriel gabriela garcia gary gavin georgia gerald gerard giovanni giuseppe gloria
gonzalez gordon gracie graham greg gregory guido gustavo hans harald harold harvey heather heidi heike heinz
helen helena henry herbert herman hernandez holger howard hugo ian ibrahim ingrid irene isaac isabel isabella
isabelle ivan jack jackie jackson jacob jade jaime jake jamie jan jane janet janine jasmin jasmine jason
jasper javier jay jeff jeffrey jeremy jerome jerry jesse jessie jill jim jimmy joan joanna joanne jochen joe
joel johnson jonas jonathan jones jorge jose josef juan judith judy jules julian julie julien julio justin
justine karen karin karina karl karla kate katherine kathleen kathrin katie katja katrin katrina kayla keith
kelly ken kenneth kerstin kevin kim kimberly kirill klaus kristin kristina kurt kyle lara larry lars lauren
laurent lawrence lea leah lena leo leon leonardo leonie leslie liam lily linda logan lopez lorenzo louis
louise luca lucia lucy luis luisa lukas luke lydia madeleine madison manfred manuel marc marcel marco marcus
margaret margarita marian mariana marina marion mark marko markus marlene marshall marta martha martina
martinez mary mason mathias matteo matthias maurice mauricio maximilian maxwell megan melanie melissa melody
meyer mia miguel mike mikhail miller miranda mitchell mohamed mohammed monica monika monique morgan moritz
mueller muhammad müller nadine nancy natalia natalie nathalie nathan neil nelson nicholas nick nicola nikita
nikki nina noah noel norbert norman oksana olga oliver olivia omar oscar oskar otto owen pablo pamela patricia
paula paulina pauline pedro penelope perez petra philip philipp philippe phillip pierre polina rachel rafael
ralf ralph ramirez ramon randy raphael raymond rebecca regina reinhard renate rene ricardo rick ricky rita
robbie roberto robin rodrigo rodriguez roger roland roman ronald ronaldo ronnie rosa rosemary rosie ross roy
rudolf ruslan russell ruth ryan sabrina sally salvador sam sammy samson samuel sanchez santiago santos sara
savannah schmidt schneider scott sean sebastian serena sergei sergey sergio shane shannon sharon shaun shawn
sheila shelby shirley sidney silke silvia simon simona simone smith sofia sonia sonja sophia spencer stacey
stanley stella stephan stephane stephen steve steven stuart sue susan susanne suzanne sven svetlana sylvia
sylvie tamara tanja tanya tara tatiana taylor ted teresa terry theo theodore theresa thierry tiffany timothy
tina tobias todd toni tony tracy travis trevor tristan troy tyler ulrike ursula uwe valentin valentina
valentine valeria valerie vanessa vera veronica veronika victor victoria viktor vincent virginia vivian
vladimir wagner walter wanda warren wayne weber wendy werner wesley willi willie wilson winston wolfgang
xavier yves yvonne zachary zoe
adore amoremio baba babe babyboy babydoll babyface babygurl beauty bestfriend bff bitches boobies booty buddy
bullshit charming chouchou corazon coucou cutiepie daddysgirl damn dear dearest dick dickhead doudou engel
engelchen estrella fucker fucking fuckme fucku handsome hate hateyou heart hottie hug husband ihateyou
imissyou inlove jackass jerk juliet kiss kisses kissme liebling loulou lovebird lovebug lovehate lovelife
lovelove lovesex loveu loving mahalkita mariposa marriage mausebaer mine motherfucker mylove myself onelove
passion penis pimp pimpin poop poopoo precious princesse prinz romance romeo sayang schnecke schnucki shithead
smile smiley spatzi stupid sugar susi sweet sweetpea sweety teddy teddybear truelove wife xoxo
alligator animal ant bamboo bird birdie buffalo bull bulldog cactus camel catdog chat cheetah chick chien
clover cobra coyote crocodile daisy dinosaur donkey dove ferret fish fishes fishing fox foxy frog froggy fuchs
garden gato gecko goat goldfish goose gorilla grass green hamster hawk hippo hound hund husky igel iguana
jellyfish kangaroo katze katzen koala kuh ladybug lamb lapin lavender leaf leopard lizard lobster loewe lotus
löwe mice moose mops mouse nature octopus oiseau orchid otter owl parrot peacock penguin perro pferd pferde
pig piggy piglet pitbull pony poodle raccoon rat raven rhino rooster rose rosebud salmon scorpion seahorse
seal sheep squirrel stallion swan toad tree tulip turkey violet viper vogel walrus whale wildcat willow
wolverine wolves wombat worm zebra
avocado bacon beer bier biscuit bread brot brownie burger butter buttercup cake candy caramel carrot champagne
chips chocolat coca cocacola cocktail coke cupcake curry dessert donut eggs espresso food grape guinness
hamburger heineken hotdog icecream jameson jelly juice kaffee ketchup kitkat kuchen lasagna latte lemon
lemonade lime lollipop mango marlboro milk milkshake mocha muffin mustard noodle nutella nuts olive onion oreo
pancake papaya pasta peach peaches pear pepsi pickle pineapple pizza popcorn potato pudding raspberry redbull
rice salad salsa sandwich schokolade skittles smirnoff snickers spaghetti spice steak sushi taco tea tequila
toffee tofu tomato vanilla vodka waffle wasser watermelon whiskey whisky wine wurst yogurt zucchini
acdc aerosmith alien anime arcade assassin avatar avenger badminton baller ballin bally barney batgirl beyonce
bieber billiards blink boarder bowling boxer boxing bruins bundesliga cards casino cavaliers celtic chess
coldplay cooldude counterstrike creed cubs cycling darkness darth darthvader darts deadpool diablo diehard
dodgers doom dragonball dude eintracht enterprise esports everton fender fifa fitness flames flyers
fussballgott gamer gaming gangster ghost giants gibson goalie goku goldeneye golfing goonies greenday
guitarist gundam gym gymnast halo hammer heat hellokitty hendrix heroes hiking hobbit hollywood inuyasha iron
iverson jedimaster jets johncena judo jumanji karate kingkong kobe krusty lebron lego legolas linkinpark luffy
luigi madonna mafia magician magnum maradona marvel maverick megadeth megatron messi mets mickey mickeymouse
minions minnie monster morpheus motocross movie mozart mufc napoli nascar nemo neymar nintendo oasis oilers
orlando packers paintball patriots pink pinkfloyd pirate pistons playboy player playstation poker porn
predator psycho punk quake raiders rammstein rapper reddevils redskins redsox reggae rider robocop rocket
rocknroll rockstar rockyou rollingstones rooney runescape runner running sabres sasuke schalke scooby
scoobydoo shaggy shakira sherlock shooter shrek simba simpson skate skateboard skater skiing skyrim slayer
sniper snoopy snowboard snowman softball soprano spartan spongebob spurs stalker starcraft stargate starlight
startrek steam superboy supergirl superstar surf surfer surfing swim swimmer swimming symphony tarzan tekken
terminator tetris therock timberwolves tinkerbell titanic totti toystory transformers trooper twilight tyson
uefa undertaker valorant vampire vegeta venom violin warcraft warlock werder wolfpack wrestling wwe xbox
yankee yoshi yugioh zidane zombie
ability action adventure africa agent airborne airplane alpha amazing amen anarchy andromeda anonymous answer
anyone apocalypse archer army arrow art artist asdasd atlantic atlantis atlas aurora avalon awesome bachelor
balance ball balloon band bandit bank barbie basket beach beast beaver bell best big bigboy bigdaddy bigdog
bigfoot biker birdman bismillah biteme black blackbird blackcat blackjack blade blah blahblah blaster blessing
blonde blondie blood blow blue bluebird bluemoon bluesky boat body bomb bomber bond bone boo booboo boogie
book boom boomer boss bottle box boy brain brave bravo breeze bridge bright brooklyn bubba bubble bucket buffy
bulldozer burn bus butthead button cable calendar camera camp cancer candle capital capricorn car carpediem
cartoon castle catch celebrity center chair challenge chance chaos charger charity charm charmed chase
cherokee chevrolet chevy chief child children chill circle circus city class classic clock cloud club coach
coast cobalt code coin cold color comet comfort concept concert control cook cool copper corner country couple
courage cowgirl crash crazy cream create creative creator cross crow cruise cupid cute cyber danger dangerous
dark date dawn day dead deal deep deer delta denver desert desire desktop destiny destroy detroit dexter
digital dirty discover disney doctor doll dominator domino door double doubt download dread dream dreamer
drive driver drop drum duke dust dynamite dynasty early east easy eclipse eden eight einstein electric element
eleven elf elite emerald emergency emotion empire engine engineer english enigma enjoy enter envelope episode
escape eternal eternity evil evolution excalibur excellent excite exotic explore explorer extreme eyes face
factory fairy faithful false fame fantasy fashion fast favorite fear feather female fever fiction fifteen
fifty fight fighter fighting film final finger fireball firebird firefighter firefly fireman first five flash
flight float fly flying focus fool forgot forgotten fortune forty forward foundation four fourteen fragile
freak freaky free freebird freeman french fresh friend friendship front frozen fuel fun funky funny future
gambit game gang gangsta gate gateway gemini general generation genesis genius gentle gift girl give glass
global glory goblin goldfinger gone good goodboy goodbye goodgirl goodluck goodmorning goodnight grandma
grandpa gravity great grey griffin group grunt guard guardian guess gunner guns gypsy hack hacker half hall
hand happiness happy happyday hard hardcore harvest hat hawaii hawaiian head healing health heartbeat hellfire
helloworld helmet help helpme hidden high hill hippie hitman hobbes hold hole hollow holly homer homework
honest honor hooker hopeful horizon hot hotel hotrod hour huge human humble humor hundred hungry hurry icecube
iceman icon idea idiot idontknow illusion image imagine immortal impact important impossible incredible
independent indian indigo indonesia industry infinite infinity innocent insane inside inspiron integra intel
intrepid invisible ireland island italiano jackpot jamaica jamesbond jeep jewel job jolly journey joy joyful
jump jumper jungle junior jupiter just justice karma keeper kennedy key keyboard kick kicker kid kill killme
kingdom kitchen klingon ladies lady lake lamp land laptop laser last laugh laughing lava law lawyer leader
league learn learning leather leave left letmesee letter level library licht lie life lifeisgood lifestyle
light limited lincoln line linked liquid list listen little littleman live living local lock locked loco logic
logitech lonely lonestar long longhorn look looking loose lord loser lost lotto loud louisiana low loyal
loyalty luck luna machine mad madman madness magical magnet magnetic mailman main maintenance major make man
management mandarin mantra map marathon marble marine mars marseille mask massive masterpiece match mate
maximum maximus maybe maze media medical medicine mega memory men mental mentor mercury merry message metal
meteor midnight mighty military million millionaire mind miracle mirage mirror mission mississippi mister
misty mobile mobility model modern moment monopoly montana montreal moon mooney morning mortal motor motorola
multimedia murder murphy muscle musica musical musician myhome mystery mystic naked name napoleon nation
natural naughty navy nebula need neptune never new newlife newlogin newman newstart next nice night nightmare
nike nine nineteen nissan nitro nobody noname norway notebook number obiwan objective observer ohio oklahoma
old oldman olympic omega one online only open opera optimus orbit order oregon original outlaw outside oxford
oxygen pacific page pain paint painter palace pancho pandora panic paper paradise paradox parker party
passenger passme passport past patch patience pearl pencil people perfect perfection performance perfume
person personal peugeot phantom phone photo physics pickup picture pierce pilot ping pinnacle pioneer pipeline
planet plastic play plus poetry point poison poland polar police polish polska pool poor popeye portal
portugal positive post powerful prayer present president prestige price pride priest prime primetime print
prison prisoner privacy pro problem process producer product professional professor program programmer
progress project promise property protect proud public pulse punisher puppet pure purple qualcomm quality
quantum quest question quick quiet race racer racing radar radio rage rain raindrop rainy ram random rapid
raptor rascal razor reality rebel red redhead redneck redrose redwood reggie register regular relax religion
remember renault rescue reserve respect restaurant results retire return revenge revolution rhythm right ring
riot ripper road roadrunner robot rocker rockon rodeo rogue roll rookie room rough round route royal ruby rule
ruler run russian safari safe safety sailing sailor saint sale salem salt sanctuary sand sandman saturn
sausage savage save scarface scarlet scary science scientist scotland scout scratch screen script search
season second secure security seeker semperfi senior serenity series serious servus seven seventeen shalom
shaman shine shining ship shock shoes shop shopping short shorty shot shout show sick siemens sigma sign
signal silence silent simple single sinner six sixteen size skin skipper skull sky skyline slave sleep sleepy
slow small smart smoke smooth snowflake social society soldier soleil solid solo solomon solution somebody
someone song sony soul sound south space spain spanish spanky spark sparkle sparky special spectrum speed
speedy spirit spiritual split sport square stage stallone standing starbucks starfish start station status
stay steel stereo sterling stick still stinky stock stone stop store story strange stranger stream street
strike strong studio study stuff style subway success suicide sultan summertime sun sunrise sunset super
superduper superfly supernova supersonic supreme sure surprise survive survivor suzuki sweden swedish
sweetness sword swordfish sydney synergy table talent talk tall tango target tattoo taurus taxi teach team
teardrop tech techno technology teen temple temppass ten tennessee terror text thanks thankyou thebeatles
thebest theend theking theman themaster theone theory think thirteen thirty three thrill throw thunderbird
time timeless tintin tiny titanium toast today toilet token tomcat tomorrow tool top tornado toronto total
touch tough tower town toy track traffic train training transfer travel traveler treasure trick trigger trip
triple tristar trouble truck true trumpet trust truth tsunami tunnel turbo twelve twenty twin twister two
typhoon ultimate ultra unbelievable uncle underground unforgiven union unique unity universal universe
unlimited upgrade usmarine valley value vectra vegas velvet venus verify version vertigo vfhbyf video view
viking village vintage virgin virgo virus vision visitor vista vivalavida vodafone voice volcano volvo voodoo
vortex voyage voyager wait walk walking wall wallpaper wanted war wash washington watch watson wave way
weather web welcomehome wellness welt werewolf west western westside wheel whisper white whitey wild wildfire
win wind window windsurf wing wireless wisdom wise wish witch woman women wonder wonderful wonderland wood
wooden word work working world worldcup writer wrong xanadu xmas yellow yesterday young yoyo zanzibar zero
zodiac zone
accountant accounting accounts agency airport assistant audit auto bestellung billing board branch broker
buchhaltung buero building büro campus canteen cashier chef chemist clinic compaq conference construction copy
copyroom counter customer dell desk developer device devops dispatch division docs document education einkauf
empfang employee engineering equipment erp export facility fax faxmail fibre finance floor frontdesk fujitsu
gmbh hardware hospital import inbox informatik insurance inventory invoice itadmin itsupport kanzlei kasse
kunde kunden kundendienst lager lawfirm lenovo license linksys lobby logistics mailer mailserver marketing
meeting mfc mfp multifunction müllabfuhr nas netgear newsletter noreply operations outbox partner payment
payroll pharmacy plotter pos postfach praxis printing production purchase qnap reception rechnung registration
rental report reservation sap scan scantoemail scantomail secretary sekretariat shipping signage snmp software
staff storage supplier synology sysop tablet technician technik telecom telefon telekom telnet terminal ticket
toner transport ups verein verkauf versand vertrieb verwaltung vpn warehouse webcam webserver website wifi
wlan workgroup workshop workstation
again all like nada sehr some try until yourself
acceso acesso administrador ajax akuganteng alhamdulillah allah amsterdam anhyeuem anmeldung argentina
asdasdasd asdfasdf asdqwe benutzer besiktas bharat bordeaux bremen bucuresti budapest bvb ceskarepublika
ciaociao clave colombia corinthians cthutq danmark dbrnjhbz delhi dresden duesseldorf düsseldorf edcvfr
fcbayern fenerbahce feyenoord fktrcfylh flamengo forzaitalia frankfurt futbol fylhtq galatasaray ganesh gfhjkm
ghbdtn gjhjkm gremio gruezi hallowelt hannover hellas hsv ijnuhb inshallah inter islam istanbul jaihind
jakarta karachi koeln krishna köln lahore leipzig lkjh lubov lyon magyarorszag mashallah matkhau mecca milan
mnbv moin moskva mumbai nadezhda nantes nfnmzyf norge nuernberg oesterreich okmijn omsairam pakistan palmeiras
parolj perkele plokij poiu poiuyt praha privet qazxswedc qweqwe qwerasdf rahasia rfvbgt rhbcnbyf romania
rossiya rotterdam sairam samara sandi saopaulo schluessel schlüssel shiva sicherheit slava slovensko solnce
sommerzeit stockholm stuttgart suomi sverige teamomucho tequieromucho tgbnhy tianya toegang toulouse turkiye
türkiye uhbygv usuario vasco venezuela vfrcbv warszawa wasd welkom woaini yfnfif zugang zugangsdaten zvezda
zxcasd zxczxc österreich
`

/** Words that only join others: "this is my". */
const joints = `
a am an and any are as at be but can do dont for from go got have here how i if in into is it its let me mein
meine mi mon my no not now of off oh ok okay on or our out over so than that the their them then there these
they this those to too up us very want was we what when where which who whose why will with without wont would
yes yet you your yours
`

export const commonWords = setOf(words)
export const joiningWords = setOf(joints)

function setOf(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ''))
}

/**
 * What people take when they are asked for a password, in lower case and without the digits and
 * signs that they put around it: guessers try these first, alone, doubled, joined and decorated.
 * Keyboard walks stand here as their parts; plain runs (`abcdef`, `987654`) are found by the policy
 * itself.
 */
const passwords = `
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
  passwords.split(/\s+/).filter((entry) => entry !== ''),
)

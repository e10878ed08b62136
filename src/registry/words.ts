/**
 * 256 common English words, one for each value of a byte, by which two people compare a hash over the telephone. No two
 * begin with the same three letters. The list is frozen: a word's place is its value.
 */
export const WORDS: readonly string[] = `
acid acorn agent album alley amber angel ankle apple april armor arrow atlas attic award axle bacon badge
bamboo banjo barrel basket bench berry bicycle bishop bonnet border bottle bridge bucket bugle butter cabin
camel candle captain carpet cedar cello chalk cherry circle clover cobra coffee copper coral cotton crane cube
curtain cymbal daisy daylight delta denim desert dinner doctor dolphin donkey drum dune eagle easel eclipse eel
elbow elder ember engine envoy epic exit fable falcon farmer fern fiddle finger flag forest fossil fountain fox
fudge furnace galaxy garden geyser giant ginger glacier gondola grape guitar gull hammer harbor hazel helmet
hill honey hornet hotel hurdle husk hydrant iceberg index infant insect iron ivory ivy jacket jaguar jelly
jewel jigsaw journal jungle kayak kernel kettle kitten koala ladder lagoon lemon leopard library lilac lizard
lobster locket lotus lyric magnet maple marble melon mercury meteor mirror monkey morning mosaic muffin napkin
nectar needle nickel north nutmeg nylon oasis octopus olive onion opal orbit orchid osprey otter oyster paddle
palace panther pebble pencil pepper piano pirate planet plum pocket potato prairie prism pudding puzzle pyramid
quarry queen rabbit radar raft rainbow razor ribbon ridge river rocket rope ruby rudder saffron salmon sandal
satin school shadow silver siren slate smoke snow sofa spoon squid stable sugar sunset swan syrup table tango
teapot temple thistle tiger timber toast tomato tower trumpet tulip tunnel twig umber uncle unicorn usher
valley vanilla velvet village violin voyage vulture wagon walnut water whale willow window wizard wolf yacht
yellow yogurt zebra zipper zodiac
`
  .trim()
  .split(/\s+/)

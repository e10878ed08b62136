/**
 * Known answers for `self-test.ts`, each a published fact with its source. Short values are hex, long ones base64.
 */

export const SHA256_ABC = {
  source: 'FIPS 180-4, "abc"',
  message: '616263',
  digest: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
} as const

export const HMAC_SHA256 = {
  source: 'RFC 4231 case 2',
  key: '4a656665',
  message: '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
  mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
} as const

export const HKDF_SHA256 = {
  source: 'RFC 5869 case 1',
  inputKey: '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
  salt: '000102030405060708090a0b0c',
  info: 'f0f1f2f3f4f5f6f7f8f9',
  extracted: '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
  expanded: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
} as const

export const CHACHA20_POLY1305 = {
  source: 'RFC 8439 section 2.8.2',
  key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
  nonce: '070000004041424344454647',
  aad: '50515253c0c1c2c3c4c5c6c7',
  plaintext:
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  sealed:
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a' +
    '9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9d' +
    'e576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691',
} as const

export const ED25519_SIGN = {
  source: 'RFC 8032 section 7.1, test 2',
  seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
  publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  message: '72',
  signature:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
    '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
} as const

/** One of each class of the 914 of C2SP/CCTV ed25519, by number; the message is text. */
export const ED25519_EDGES = [
  {
    number: 305, // plain
    accepted: true,
    publicKey: 'ef75b20e7540e3dff77404193652ba2bd13df99c1508eee1515e27ae25f28076',
    message: 'ed25519vectors 5',
    signature:
      'b62cf890de42c413b11b1411c9f01f1c4d77aa87ef182258d1251f69af2a3506' +
      '40657f1cb030f12543549bbabd848dc6403d354e7c99c4d0dcee9f63c9033b00',
  },
  {
    number: 7, // small-order components that cancel
    accepted: true,
    publicKey: '10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f',
    message: 'ed25519vectors',
    signature:
      '36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b' +
      'bbfd00bd9c259d8d222d15e67a3d8228585050dbb9b9585be20d8fadc721da03',
  },
  {
    number: 2, // A of small order
    accepted: false,
    publicKey: '0000000000000000000000000000000000000000000000000000000000000000',
    message: 'ed25519vectors 7',
    signature:
      '36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b' +
      '05ba9a796274d80437afa36f1236563f2f3b0aa84cecddc3d20914615ba4fe02',
  },
  {
    number: 4, // R of small order
    accepted: false,
    publicKey: '10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f',
    message: 'ed25519vectors 7',
    signature:
      '0000000000000000000000000000000000000000000000000000000000000000' +
      '5e176f12cfb0d4e6eb6929b19ae4c998ef05c1c2cf628a9b1fa1c21312627108',
  },
  {
    number: 8, // A not canonical
    accepted: false,
    publicKey: 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    message: 'ed25519vectors 8',
    signature:
      '0000000000000000000000000000000000000000000000000000000000000000' +
      '0000000000000000000000000000000000000000000000000000000000000000',
  },
  {
    number: 14, // R not canonical
    accepted: false,
    publicKey: '0000000000000000000000000000000000000000000000000000000000000000',
    message: 'ed25519vectors 3',
    signature:
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f' +
      '0000000000000000000000000000000000000000000000000000000000000000',
  },
  {
    number: 6, // small-order components that only a cofactored check lets pass
    accepted: false,
    publicKey: '10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f',
    message: 'ed25519vectors 10',
    signature:
      '36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b' +
      'c02e2b9e63e385c058bf62b14b3a2b29ccefe8e38ddb536bc3f9865320a3d801',
  },
] as const

export const X25519 = {
  source: 'RFC 7748 section 5.2, vector 1',
  secretKey: 'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
  publicKey: 'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
  shared: 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
} as const

export const XWING = {
  source: 'draft-connolly-cfrg-xwing-kem, vector 1',
  seed: '7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26',
  publicKeyHash: '2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb',
  secret: 'd2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384',
  enc:
    'uDqoKNTWK5qDzv/h09O7HvMSZGQ8BwxXmJJ+QfsHkUonP4+W54Js1TdaKD19qIUwTF3gUWoPBlQkPcW5f4v+uDH2glEhmqvdcjvGUSBB' +
    'rLrvivRCZVJJQrkC5o/9IyIc2nCxtV13apLRFD6joMR19j7miQFXxxFtrj9iv3L2Cs0ruMwxziug3jZPUrjtOMedcZcVljpd04QtjotD' +
    'q3BOR1m1MnvwJ8Y8j6hXxJCNWop7iKx/K+OU2Tw3Bt3U5pjMbONwEB9NAhMlQji0ouiCG25BShzyD2wSRLaZBG9aAcqgoaVVFjALQNIE' +
    'jHfMc6+6ea/uqdLAEYvfKtuIcNwyjFUWzEWxogWBQQOeLJChEKnhazGN+1O9SaEm1rc/IVeHUXuJF8wByr0QfQaFmFTui0+YYcIm03ZM' +
    'hzOasWw2Z9L0k4TlVFbdQEFLcKavhBWF9MkMaHJdV3BO6O585uL5vlgtvumF4Dj/w0br+04iFYtshDdKmrSkTh+R3lqsUZf4m8XlRC9R' +
    '+aWTexAro76uv24cWDgKSl/tzkpOUCb4j1KPWf/S20F1Kzo9kO+r5GOJm31AhwxTDIhB6HErczZo7QM62/r7LUnTekTUBk5YY+sK8KCN' +
    'R7PMiINzvAX3ozuEG8JYfFfraVVOijdnt1BpF7a3BJhyfxbqwaNuyNjPr3UVSfInfbJ36KVamlEGsjoCBrRyH6mzBIVSxb1bWU1uJH84' +
    'wYxZGup/ViSccs57EXr8w6hiFYL5z3F4fhg97gk2eXbphAmtkhekl9+IgEI4TXcHprePX3+4QJ47U1F1NzRht3YALXmcutYoYL5wVz7L' +
    '4Tskbg2n6TpSFo4Ptql1a4le9/AUeg3IG/pkSwiKkigWDA+azxN5opQc0owG68gOROF6ovgXcBCv14qXzgho0WKeuylMUVGBLFg9rriG' +
    'hSIPTakRgRLgcEH8wk1VZKmf294ohp/gciOH16mk0W4cyFVZF+CZRKpeuqrsLPYmk6+tQqP1GPzmfSc8xsn7VHKzgOhXPsfeBqO6L9X5' +
    'MdcltJMCbLCsvT/mLQDkx5DZZdegOjwLQiK6jCqaFuKsZY9XKuDnRur8T+ugI1dvCJQieKBB+4KnClldW6y/KXziApiYpx5cOw0cYii0' +
    'hbGt5QmzX7yn7Kl7ITLny2vEZTdRRrfc6slpMIrAwqyJ54Y+uJQwFbJDFMr7nHwOhf5UPVZljCE2Mlme+r/B7EndjIhUe7LMQMnTjL0w' +
    'mbRUeEBWBTHQGIzR6cI6Dr7goD1Vd9ZrHSvLS6ryHMf+8eA4BsqWKZ3w37xW4bK0Pk/CDDf4NMSvYhJ+fa6Gw8JaL2lqyLWJ3scdWVv7' +
    '6Ute1LwH2ACzMHlv2ontt3vgKUE2E5NU64zTdZFXj5xgDdm+jsYhn91Qet8zl+1NaHB7jROyTOTNj7IoUb/p1jJAfzHtb3yxYA3lbxdX' +
    'Z0DOKjL8UUUDAUXPuX5j4OQdNUJ0oHnT5vsuFQ==',
} as const

/** The ML-KEM half of the X-Wing vector; both secrets as @noble/post-quantum computes them. */
export const MLKEM768 = {
  source: 'draft-connolly-cfrg-xwing-kem, vector 1, ML-KEM half',
  seed:
    'c44829d2b269887f6150dfaee5a25a704cbc607e57d18a2ffc8734633333cff0f0fc6fa4e4827531168087ef223e9b070c5a78a7' +
    '89fd46d4c604d69b1139d4da',
  publicKeyHash: '5a2d6b4ef8e254cbd147fc2434e4979bd82e010ef9624cc5a457dc517c365e7a',
  secret: '7631eaf24bcc7ba2d1656d8f53778f8caa5f1ce33180e8ab405b9247eab76dfc',
  /** What 1088 zero bytes decapsulate to: implicit rejection. */
  rejected: '85491c617f478a4f1509df6b96478d50200e75729130da7983ceae8ec0070616',
} as const

export const HPKE = {
  source: 'hpkewg/hpke-pq test vectors, KEM 0x647a, KDF 0x0001, AEAD 0x0003, first message',
  seed: '3ec47fa82dd5689d27c6190e724c74ec8f608df3331ce331929e37b829676630',
  info: '34663634363532303666366532303631323034373732363536333639363136653230353537323665',
  aad: '436f756e742d30',
  plaintext:
    '34323635363137353734373932303639373332303734373237353734363832633230373437323735373436383230363236353631' +
    '373537343739',
  ct:
    'c5c591f99092d5e38df0a52699af249c66f8275a863423c076de8147a53e65cc584041c963b77a7e59ea93841b1339b5efda8909' +
    'b71f74bb0073ad62e899de310c1566dea2fd29eba377',
  enc:
    'JnWceyKSPqXMnHjj4UyPxi3LCmbOREYJZpeKf+loXgxtIpmdmaPxEsMHptWy5jWR9B6KNRa6YpCDdtZkVXIG5pauhwMF/2uggSUma8B2' +
    'VnK+ypD9XG2uDT3a0VBgZanU8pfgw+cLtEGWHfJtehnXnR734qxeU7MqPHtOB/KvKuZYMKPo0csqwZMvwZ7FQ0MDtiydAQZFz5WkdZE9' +
    'pdd6KCuIQC5Kd6sXsJVZ3OipbGeie+qPZTzqyj0ni27RUP6TbdoosXJmZclGyrMDY++J64eP/MdMqid6XasZlBk6Z5ZxJevVCYbcFpl7' +
    'j3SE19DifHn/S2ggHBtBAvWnMyL9Palr9lXZDJseYwXgGrGzRJ6j9Fiw6Y4fLRYyglw7MAGLte77zID3Z9C55/n3MeGVgIOHnrzBtbsG' +
    'HokwLERKhe7tFpsQ0lIP1HtqERkU872i8x0E8lBSK6lRASpin6LNIZJYPMmr110Ct6Ef0YBWxBS48OCTZTW/m2N8fmFKGum56Qf+nRQk' +
    'PxNiXskql1meqkkbnakYtYbifTTHJ5IF3XbPDs2/YLWupM+53KQQafPi/I83GnzzsInqRp2EF72jFJFZmSOZzNW693ag+JZtR0LL7a6s' +
    'Ex3ehTyx+7e4aaTAHOqKSHouUudXv0387COZXl8IiATSz5nILwh0VBRMxYaEXXz4EknnrZGeobBgAa0TUB2hGO4ZhZWVAVtLGHKRLdLU' +
    '9d2FTxRK4HA4vYuytJj47csccMIQKvdo1QihtCNyOMDG40qcgZsOvyj0lQXTdAlbK1jHqBDPHoBss8ea87yEyLZXeHgE43TfK0m+asUQ' +
    '1DAk5l/QMVQKfNRck0itn1URuWm+b5xNhJwUKPYRIlsNmjrjQWabpkW6qHfNw0w59ZdfSZGnf4bsosJevuY6BpKMG7yVE/NVR2Reg1VE' +
    'weSo8z1/KcHPveZCX6Ba7/afNzqoooHJKBfL5b6TBXlTVO/HGolGLofOg5GdZ53L/e2I9//5F39LSeipWdmqeLY/65n6VnNd8PT8JTZT' +
    'qRd/dnswe7Kp5+TZBC8izGxPF324Dvrr/vijuqbxQjM1yDAwjCSWEYJj8L02HZP4tOdafLqUwq9y3RPuiSZSTP6d8U95Flo0mLn9Yxy7' +
    'h00lsRMV+ay0QlElYc99xgmKCIdPzHBM3V6E5XgRpJ54+9VuWo52dhcyHClQlVleorD0qsow3Th0mrg1Mr4b3PTDKhGeA1VYu0J9vbgG' +
    'tOFc6o3zwJhyjCteQCCcUThTHbG2YHd1ROagFEd6fRuT6w8kX+nnBTmXwQUE72kvIWOchtiSbdzmiG0MOet8WTV+5U+BhxAZWTcT9Kbf' +
    'N79wAzWGlM/1mvmHLKAr92LiBJkifbovVSIDRZ3MaXgO8I2bq0FA2W4cR48Gtjtgyb+xDZDjHUdXDqlJq46bmdtuwviip33LJcw2tzPf' +
    'wJuCmanXsZ5owJrYJwP5tH000aPLr+Qsc/V9Dg==',
} as const

export const MLDSA44 = {
  source: 'Wycheproof mldsa_44_sign_seed_test.json, case 1',
  seed: '2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a',
  publicKeyHash: 'd87f8ca136ac1aa55e2d6c4521680efb3a378cbb9bc0bfb446e9c60893931ea3',
  message: 'Hello world',
  signature:
    'Gqacte01IEU08l9AoX6w12f4mB9efOxG078yUr/HjgnQLvDILabd6XNhHISUcokBBhWMsV/6bKiRYV6IjvoNLYoSG3XKRAIorTKZG+NC' +
    'SWIPFY/9b3TXsDv5GSGM4lm1AICOwVfq1ntWt56eZgfq+5InuKMK2+wIfTW8GuwvGgxN0Sbfz7n78L10+x4JJJX6mUq1p80TMygar+g0' +
    'aUptwR6InHYrVkVjjhct+rMGADHrzcH9RV1d5gUL9xsHSk3TSvXr8VSHZR8PE+XTzuIxubNHgQv8QYGW351yMXgMCRcbmq5zK+onoWSd' +
    'jAMiD0F+MKAWsIzLHVXJM3tIEuIOBFI/XSmnYKAbOoDXYoVSEgZIHuHkTfCadpE7pUrlDI65c6PO1zlQ+/OcTAwSYqIWghpEIHLBDMgo' +
    'OaxXuJhBG+noEPiTJyolRv99HZIPFGIQ78K0UovJigmaOYMC0wH8Heoxs9j/eCRqZvaQ71NraOAr1+ojpTeJMN3n8b61F0mJanlE5aQO' +
    'b7ux92w/2gnjLgpYBiwkysfduMHSy7NSqB4zZCXF9VEkbbRezQqynayIzev1HGC+vC4nyXT1baEsH+xPV0WFBCm2B/XtfNgh8skfwt2o' +
    'wsjo7CeNGypb9Q7HDFYj/GgbTR3M/5azJMtT/5dHD53hd8IAaomvjxhgOm1OomJXlGlf55zTAxih52MHpMKjU9seB2rZtgmiSJuUy23Y' +
    'IcOvMQRrt6XUPRkOCfzklp/k6TyDk5deZMstnCKU/EJ+9RkcQJN5KbOw4bA35rhMwCmdWvK1QQEYv9iO9kka9vISMzkMp6GfFXbmxaEK' +
    'ZzeWkFViB1BHiW46I3n2Tfu8Erm/5kk5wtBe+8X25LXKac4e1LfSXoyDWwYSsz4T7XqKcjO0s9WO6tC8TIQay2Wl7A7UXiWEwjwqFiOS' +
    'tXicYjWOQDiGTiDBDhDGfZQM54mTF42+s94f6h5Q58KfTX2TjDv+UCKeoEAQLzDVs6ZMuOE0IAZdVKGsUKdzg73/PK4jQOvxWhVX/eiX' +
    'AHwbZ9BPGUMcoAyw8I24fpDhZuD0zm/WnG7O8bP3DZ62AbV6e/kxBXwq/i01Z7a77HiRxmRxM4USL914nB1aipz9SR9AfBbQsMXfxTpo' +
    'YiCOJkuYG/LdvdHX25cptSZcTDhoqUfJgogLxVt4YVO4nvMyQGezWpKMUSNry+n4YK2e7lZER4+JSp/njSaloX1IJhLxy5mDuGTm+6hF' +
    'kcD3O3snkYgZ0hIdSvZA9TPik509oPCqa534CDeoAWWui3V5cVGS6w9synikPYrY16u1bYFuOvLeWbiL/c9nZ6v7BD064kIj0FABlT+q' +
    'KSZxxXreH+KJiAdauNFKyYNjQSvWlMQK6FsfEEr80PJapZD1e6T1399hO/hZTj9Uuq399QwIga8kdVkHWKI7fu5yVRPk0eqfRjAVnEJK' +
    'KJ8YqYeeXhczkPjmMPbuKmBD2CoZg9yXx6z+o7DAPifoZdgQ0BLa7sKNxFT1kzTt8kYn1DVwHTKf9eaNGbvcpe99XgAgT6lH0I+By2SE' +
    'yr5gmJ0vYfvnCUD35PRJs/yxA6iRQ9dLFdcueRPc6Rk6C5xaeyqXvebX85augLS1Zvny5zRbxCzjsAKBjhnw8WQWuFCDLNAiee6NWKOB' +
    '3qrAmxtNRhP00GaAXS+upnFuAV/jYcBSbG5GF6OJ/9+TAhPB3AxMkFwxBqdRfc56vqepNBEy+K2Y3j5C9rdYCf/zj27q+5c5jnnVClYi' +
    'M4djxORaiN3af7h6t/XOxhEJ/cHF1KFjECdSQfw0F4AopJ/XlYGgXDtphO7NbLm9YKRNpyYA+PJgSk/0V4EmGU+yJpyObnFEdEXo6Av4' +
    'xgY9u/Kcfe1Yq7wNLu00e/SVtqnL5oWFpZSqDmWDS/vMzD9r9C/k70LYYjLD+xQS3QtfigSJlY9cO4g794UTN6NbE90rZRdib/LRBkzR' +
    'ib60Akl91riJPUFN3n0dUQGMeoN2ai2KKbgOj0KCN3MvfuW6h4Fj8KqK9bYFM7TUYho4/cVDg6yzMlteh24hSD7dzGTEGVluZW0VV74x' +
    'tTDqZgVPedT0p1X57jPIT+1dVS7F4uzNBhz0xLXDwWpwp7rszPwgjSQw54Yhya5bDQgJc7Th3wofXAQV2208hfnqkEHpqavd5x1ndqUi' +
    'qpV/cIsUoz7aEOu6uTu47Ct6BGefOOtE/FWO5pjTxpN+DmR9zomNdZn+9t4yrk1SrcciRDYQshJlWXVqo288eWlrmb49kI94D8uu8zsh' +
    'VpNjTWPOKgd337vImdK+cu/br7wQrvsmoaY83P2gAjWzTbcjyRYk7l+TkCTf7boIY60I9kh2fUH8f9azF8UfSxuH4h4H1IjJQjWB+bva' +
    '5D5NMrN+goOWBST5pgGrafXNf7AcmopcZP6GNRmh6fNCY5j2kaluF0hJG04gn8oqspSBpnRiHHl2FLoW+/39GkGE5/hGZ+cg5rzZ3r7z' +
    'LCueiRpuPAQjFY9TmDjYQT6fxwfVxlsjNotu3JXZw/jiC7uERJkxFhSUVgbBSH70AV0eJg+oI5q6oHG+VyFjEyvbBu8h4xvg+dS2dHE0' +
    '5IQr7c079TsNbwVGk7xCjppxXVoyp55qPLi4H68sBAh9iBZ1Jjei/hHqyzg0HgJISFYqKdRYXk7lZVLOmx+tQ7llo3v/hViSF5DvD0rF' +
    'W8rEMn0Xg/Xh55vwHpaTS7So9d0GyDu3CyN3GJ1iKhBhAPDL3TjjTAVlkAxhZWEWGzJhhZEz+DiT/rIrC6/ILPTw26/eBkji+GJg5udH' +
    'A05cs+zpgIf790F5xjBvDEYLXWCbmzpmdhRy7gudq7XfqHLVxrybM0YaJ7VCe9iDP4dPR57MXwogMEuadarMgkIKh69kadqu9TORrool' +
    'Ro5xfcR/Rk/ORaMRR8DE4SrC+DRWfkAFsIJ9E7PsgM2LepB0NuZiTGyKxqgK3TXPoaKIcvtlyz+kaJTRFqBS8Ztf4gx+rRC9JNJ60rVo' +
    'PymdEZPsbZ/zN587PjnLmZGDHxlK8gQQhVCNpNy3uHhcvcTgTPTYJtHvShEDbkxYA8Oqp2abTdO8Ev+IiYTpu9rODncqtZMytHMAM0dX' +
    'Z3V4gI6QkpaXqc7P1u0bMD1CUHOKl6CqusbZHig6S2lvcYGChJOuyM3P4ers/AInSElXWVutvL/I+gAAAAAAAAAAAAAAAAAAAAAAABIf' +
    'Mj4=',
} as const

export const MLDSA65 = {
  source: 'Wycheproof mldsa_65_sign_seed_test.json, case 1',
  seed: '2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a',
  publicKeyHash: 'b7acce2ddb11f8cc1aa46e2bafac6eacfa2b732ef192bd636ad8d3a56d649c66',
  message: 'Hello world',
  signature:
    'adpa7G1fWPvylDnFIL1ouWbj3SymM7aDUcKGI0RxOh6cCGpE+ahwo8zBTeYtbBKyeMNU1xl8TW1/g9FCKymyUPXuP+wRgxHZBeXbK0uL' +
    'I7jVQiAtZlL23D+dftUfJGMILT8UXP0Pp6xUikfpHBzLGlWyFekKs1W/xtZxVCh7Hfrg+1MCZNu4QadoSzluXKBFnXlSFkFqnSMryJsy' +
    '4PlGH1MQfHjmbI6HZVTo3dUBhntV3Pwfsz8QLgM3PN0ZJkDxAnoIzid7Ro9u0P6AqdbNLWsvejc4yDJdlbDMxue5+wAMkjuSKY4IZ9Sp' +
    '9t1VE+gAEDPGM7sWQe5mNJSHIk3UM4bH/MKZFjMgZqhoEA1G4sW4NUwo8IegJMuidpSvxMFmXg1ys3aGkZrVUFLMY6FE/r5OKgya5Bbg' +
    'ZOKJ+facu4g2ZdETCCa3t04wyUormLZ7RxZj49ZjJts7Q76/lY6GZbaO2pDoxdlJSwx8nsSIAJEN1tkGsfzUegqsRirIexJtIbW6FQ32' +
    'H3UiV931oGO0pbFQNx1iVTXjsodLn+VIlg/2eTHNbBJJboIT4qzm//SOa9xgMQ5JOJ9iV52ya5Ktc+nT8jlCyrUXhPSLNmC2RQyuy7Df' +
    'KqTI5WV39epFDS9/UarMCzBKYiUL8srnuZ3NlVtllmJdBtocZ/cwtwb9umMPAP2JGDDSUUhGQLclirNk1v2ZhoeP/6abfES5LkMUOv+u' +
    'iwmOHSdxaFDzdVO/JmzftWGrvNv+uAdSs2RDTmS4BCm1TMiGk84D3A+hR/B0GyFfByhJm9wlFAqvyXasmekQuoqKUNIbe92qKGJrO5Cp' +
    'P9RAdwaDV8gdNuc17aQ2KTCt6tSVGguqEE84T8cOhCqfMp4YaLB7RV6cw/7NVIBckFLnD4jDuS/g/GpNfdoYz1aU5TmIYOQ5oeGdWmby' +
    '+8CqzdGkmHEbsWBUeWwBWnFTle9hdON7BO2libZzxNXdpzeBf7UvOSyvenLXo+hLIYDLW3W8ivBlvcBcPkBAQ1obFgCBNSrEPgnL8urW' +
    '4JwrC+DjeJSIj+KBL2iAb5V8E/zm/xZ7zuIdT0EuyVpIR/Pbe/RBIjpNTKntaa203opLWwHHdfJyEibmxZ/yb8OOG7eKOEsw57VfCC4m' +
    'TY8l4xUYYZ3da2qfr4qmzbXqt17VmjOCXV74uTveXRIK2nc/zAhSuRj08D4tKlQ7FTY624I+sfbFM7mNlAQR4fXBz1Ifn2PVRUaXYIMm' +
    'Yl//4Bv4f0QYfa1jHfKJjv/SwpHZgiLlZKvjsEK3XpDJxUZnhC+o67aKEkS/jgw64+5fl9Xd7v2YbEvT+Z2HfCzCOBqJq9xhcT04zuWL' +
    '9pgFpIXCiNIbFYQxRwZrSnTGncJd6HjiHTX9/mdG/rTBZmBr8yGeQs9jWB5+a9ZXD0D4+uWQzt9RBv5XA3zLIyS3T8plAPbtPQc2zcxn' +
    '0E+PqegAVKW9fIRZ/Bq7HEx4Z31/azJa+UoOXJx9sKdI4SxSZehySUfZtcS6sai2+uyCfMQewRXvPC1zSM3avd+8hDbztBdl4T83YrO0' +
    'XtIxVvCFgx5yalXUuDhIs9HTNSqrntzArCOI8jg/YwGtgTuRfuPyNzTgV4Mq5M9l5mjJ3dC90PnYtmkyVGSWaKqRofpet8WYWbtt3TbC' +
    'X0oiI/XWiLSA0DiPowfqaSmPm/dzf2s9v9qHszGv/XXNjYjwRg6Y68KJCyF71tEQAKOgiM2Df0+IWaQ/dq+qqwWgwwB6FJ1Na5FVytws' +
    'm1UAPv3sUBK2JyuHGDaUxQXwRG7eVfNbirIB+e2pdP+EDsyw8AT6Os91Os0GE/ZuKmrILjIhmdN7Svg8uz2YNxwxvnm7QjMegZZEy60s' +
    '4noE5MUXmYaSzYMxVSiS4ZmgGmkivaTTisTAH3CICeUpwyFuqrOZ7yWzUOohO6RxJvJ4FA4XORynE5vRPFb0Fea3Su2Nv784yV3G2zZv' +
    '1yqoY6J/oevxmHFkALl4o3CeNQOXMZMEBliOvf/TX6IwqbdfzkHXrNIUyk8AKYlsE3SV6t4M9NEP5iHHPwEGGssHfechd/9dvG8MW+xo' +
    'GqNGaMpPzdcnUlBosLDpBylxuE72zhHVw8YCTaQJZnA9zCszrgT2d2d2NaVdtQjzTxQDzb43lgyFd9rD2EiynztcXGxW+3TzTI9GNMBL' +
    'jM6bIY8XYMoA5t6H79FAh8YzRpyJK/PjGUQzNnM7tgz7RJQb+iUimqJDhNgS25D+dOD5P9oAXuqHQAc2yrwDb3FCG2ZXsWdNSo92y786' +
    'ixwK+C9ylzkndSJXxTLbQ52WdirWTxAlUanQP5zj2MyFDDk8Eov4BUu1W7kuox7AcG8IOpz5BCTGF/itKiEiXRkTww6PR6a3ExME1Tao' +
    'VZbr/Zh7ZLa/PFFjjWyDkhS1PDwQqlK9nG63f8+AteO3JN7BOB0OAiB6atxz/1PZ0f/O4cSij6VEXOUY7uk3B0/3pAL1u8s2L/CQQV+d' +
    'vZO2LuVtyMUOTS40xsYhZQwN/+MRSE6V1o3ncXDJCcgVgolGru7H7eVrz0M+Ivxjoz92TO0fkkLz0m3HVYaG5HHzD76TBNPVaviyPnKk' +
    'CIlwsksvfpaMHQOS7usLDwrIwXZUelOD2UjtFUhLeeITFKHyjtYk9h5ars8iaeWwJ+GRD/3e3lL61OjaIk6KELB5VI+nzUQXL0mRrf12' +
    'I9E+WhnIEoJLz5kMB8lyHe2Qk75s57x9o6yMkyEzpkOWuCK+krCIhEmRWW34k2JaTvJFQ791oQ19F/9wNQ72LOOndYrrv5s5d7CL7Lnq' +
    'KDdggvYHll8s3tKLvbOdq34AgzsEiDcNIhdCtm4n2e4tndB/QBvCKmLIqdjTopDGOASZFJaq+kejJXj1g8+1PQwhmQVZc0QNdTXg2myy' +
    'lX9OBAAuzqaPnD/3bK3iftFf14NZidCrsZf+MvaGNhOaQnEGRLslhg/zP1OSAOPMuKdzhCLKD6DHRLTBnRXF1KPLCC4gp44gtaSWWwQ1' +
    'lcvKytUAta27bNWX5qS5xepqHy5lO1R02id/GBgEgJSsng4eCyAGjRwc5aEUpNtxlQV6bOTSIcM2/cKRkP7o/4Vcrot/fALuwh+XLIJw' +
    'ZtnG3MSkF5vETqm4ir5RJL94sHHgnpr0P3OabhAwCR/Akec+3ER/JcaL+EuN96qPCRq0JmK5PgLCcAOvx7DKae/PpgvVPU14zrfE0sj9' +
    'Xtfos1Ak3oSeBkAK0UX9soNI0isxfM7HBMQB+I2xrypTSCI/XO/ZFOQEydc4BdDedyEYgUhvG/Sq2srdOuJYjw23teaVf+1Qo3T1Qc/l' +
    '5OkjyC7Efls9LHCtZ2DHnNUIC0kL3HX5714dF/CXix6HcHdfkCuUY+aYDhaDskVHUbotrUouZGCSS9YP9JsDIwyxH80EoDiOYIdMNdP2' +
    'z8TdSHZl4bFleHUerqieEmv1gERZbjGIx6ljEBe+Hy3NfWEjMYMv+HVUYNxJaqmaYeoFPHjnJgehghP/nvS7iAkDuR6aQ+Cx8O0VEbLs' +
    'ovQlP8+9fQ+uvzaA+/CkXfIxVEiCycRlBccm1WkF0C/QRsFlLY/QbRUoahqPi2n72CXKQh/YD16boaI/kkk3rQSa3uxgx4/qGt+bHvfo' +
    'rE0d7RjxqAGwvaj+mogJiCX/Pu9cH8aMvqFDMQs5VDKT8/X7z0dzsCBUwLx58AVUlHx2BLNjicDEX1l6iPNxNFa0z9g7MMtlILYkqgnI' +
    'EgZqjNVC3GfhnkyStWK04PZ5n+V9nU9PPgtvq/9LH8GQvx54d168vjZV03DKbAj0jez2FTpJie6raSH4R1+FGX9R1lHlY5lCV99Xl35f' +
    'IZtIeXUd5XqwN0tAeiGttLpSC7Nee3UIZ1v0n05DIZBFFCPL1Sn8ebIrqunLHYZgw6ScRWrAO8BsDvOwL32KzUCRkxUgb7OOcVE5yb1v' +
    'iaWGNP5oPfA/W9pxl2T2w4ExvFuhxTJERy73ODSt4EuGygjddTFBrAqaIw4kZzUGCgRAGLybddUBNLIOYhnBP4MltaAgHpRT9vAS/nLo' +
    'Ke4cY3/jADepISoxxucTcmps1M8t1m/9unfx4oAOcXlA8jHQSqLk6I3qCEdUlH2EjAJxhWv+ZZkiQIRJhYqB+mWD8GLZaJjRjsU2ZPAG' +
    'frm5xArSV5upgCq9jRvyh+SdlK45fnhNsUtfcBDuT8QubjyLqANwr8GI/OyvRm6oMNexY2LlyTKZgLmB3sxxdPP/cKNdihgO4S7Qy//U' +
    '6NFOtQM4fklZ9wLUKTEJ6SLrVhNx+ashR1gh+FVdkvCqHD2EGm8eq9TmY5k2NsdUzis8P2prbQsWHnd7gpbX3Of9FilwSWSU1PYHFiRK' +
    'Wn+3zuQOHVZeZWZpfo+TAAAAAAAAAAAAAAAABRATGCEr',
} as const

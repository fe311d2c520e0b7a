import Bytes

// Bitcoin's networks, as in Bitcoin Core 31. The fixed seeds are a selection from Bitcoin Core's
// (contrib/seeds in its source, MIT licence) of 25 February 2026 (commit fec5822). Each list here has some
// seeds of every address network, with the usual port, evenly spread over the original list, and at most one
// of each /16 of IPv4 and /32 of IPv6.

extension Dialect {
  /// Bitcoin's dialect, which all decoders implement.
  public static let bitcoin = Dialect(name: "bitcoin")
}

extension Network {
  /// The main network.
  ///
  /// Fixed seeds from `nodes_main.txt`.
  public static let mainnet = Network(
    name: "mainnet",
    aliases: ["main"],
    magic: 0xd9b4_bef9,
    defaultPort: 8333,
    dnsSeeds: [
      "seed.bitcoin.sipa.be",
      "dnsseed.bluematt.me",
      "seed.bitcoin.jonasschnelli.ch",
      "seed.btc.petertodd.net",
      "seed.bitcoin.sprovoost.nl",
      "dnsseed.emzy.de",
      "seed.bitcoin.wiz.biz",
      "seed.mainnet.achownodes.xyz",
    ],
    genesisHash: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    fixedSeeds: """
      37.57.13.143:8333
      69.196.152.33:8333
      85.5.255.187:8333
      118.24.37.253:8333
      173.241.227.243:8333
      204.16.244.120:8333
      [2001:871:64:595a:ad4:cff:fe77:a114]:8333
      [2600:1900:4010:b0:0:1::]:8333
      [2607:f2c0:f00e:300::54]:8333
      [2a02:121f:2539:0:8bc6:9959:48e8:f2bf]:8333
      [2a06:e881:3408:2::2]:8333
      4u7flld3tc2v65x2lzlbmgorsmfbo4o7yts7ix34lfd6wigzu5zfk2yd.onion:8333
      cs24aeobszprs3ceb6epx23ptna2otehv2pwufuuikeihmfygvwuekad.onion:8333
      j36lczl4botxtpugdsdhac3xm4a3h5gedoaykntjuc5sgfrptxeku2ad.onion:8333
      nxo24wohu7kyhh7tmqrlgbf7ybehwgwwqxvkfhblrk2n5tpwx2a32cad.onion:8333
      svezmh24cgqujtbgvp77rbutwu5b5detv5zddah42i7hypwqu62cvzqd.onion:8333
      xnt4oa23anc4hvsspz2sq7x3jxinqgr4j3ckj632akjpohan2p6vfhyd.onion:8333
      4zysjndkcf4ejkr4lx2q4gg2tyncwmzxcdzqw3xxwxbxfnganyhq.b32.i2p:0
      ebwlzqwtxmwahrw3hx6nyjymzrnwllgif5d57mi3dcb6b4awio5q.b32.i2p:0
      lihodnfzhy2mtizfi2odfvg43l7pctxjmxwa3jzflosgfa7hp7aq.b32.i2p:0
      rls5r7d7obcr6pdwzcpwl6i56rq3hz3ycwlibh7ilrwmb2n7sija.b32.i2p:0
      xa2mb2n73c6i5phowqophylm5ctbtjw2iv36dlbnqk5e6dpnz5jq.b32.i2p:0
      [fc1f:22c3:95dc:a3af:4a93:8251:beb9:1858]:8333
      [fc95:6edb:af65:9ea3:cd27:21ef:f5e2:29c6]:8333
      """
  )

  /// The third test network.
  ///
  /// Fixed seeds from `nodes_test.txt`.
  public static let testnet3 = Network(
    name: "testnet3",
    aliases: ["test", "testnet"],
    magic: 0x0709_110b,
    defaultPort: 18333,
    dnsSeeds: [
      "testnet-seed.bitcoin.jonasschnelli.ch",
      "seed.tbtc.petertodd.net",
      "seed.testnet.bitcoin.sprovoost.nl",
      "testnet-seed.bluematt.me",
      "seed.testnet.achownodes.xyz",
    ],
    genesisHash: "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
    fixedSeeds: """
      38.102.86.40:18333
      77.163.221.171:18333
      104.155.226.24:18333
      148.51.196.40:18333
      178.162.218.121:18333
      195.201.126.87:18333
      [2001:5a8:4164:7a00::1f8]:18333
      [2602:f480:ac:c010::50]:18333
      [2607:5300:203:b2e2::]:18333
      [2a01:4f8:190:4026::2]:18333
      [2a02:c206:2075:3352::1]:18333
      3ya4bo256hdws7wweyc4z7hpldsli5ra7vvdjkbh3p4yerd6b5vvr7ad.onion:18333
      dskf46hfkefyr6nio5gtqp7em7rh6aqwrugdegfooaoxcux5ym6bkuqd.onion:18333
      j53y5paeb7xcrptntut7epccjglduquldjlzjlho4lj2msabnygrljqd.onion:18333
      o3zwhskjvuzbti3su3kfspgmvwoiq5iqw4drgo6jv6ehv2zfoyyy5nqd.onion:18333
      ueyykmnyqk2bnmbgvmqrb4jfbjvpgeew6cuq4gaqe7v2oiyxaubkx4qd.onion:18333
      ya6s7ov7myixz3ql23u45hty7moxo3r4d26qainw55z656vtau676xid.onion:18333
      hedmbfis4h4inqrwo2uzmku5xu6xaq74tg7sofnetqikdvndtvja.b32.i2p:0
      nhla3xzibmhvav7meemluh2d2jxdrlwicq636a2sohwqhrfgqi4a.b32.i2p:0
      xgctj4seo3ofstiymoyeuzq74bvddrbr6jtia6erodlf5va3cz5a.b32.i2p:0
      xy6ytjxel5ku4naqumj4f6hn4agrzh3w44gqcs6xkkzwm5s3jdgq.b32.i2p:0
      zklt7hncdrl2hupfwnlbt3qaayhjayjhvwvj2m3fok3z36tlnxhq.b32.i2p:0
      [fc1f:22c3:95dc:a3af:4a93:8251:beb9:1858]:18333
      """
  )

  /// The fourth test network (BIP94).
  ///
  /// Fixed seeds from `nodes_testnet4.txt`.
  public static let testnet4 = Network(
    name: "testnet4",
    magic: 0x283f_161c,
    defaultPort: 48333,
    dnsSeeds: ["seed.testnet4.bitcoin.sprovoost.nl", "seed.testnet4.wiz.biz"],
    genesisHash: "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
    fixedSeeds: """
      34.232.194.104:48333
      62.84.190.200:48333
      82.67.102.15:48333
      104.237.131.138:48333
      168.119.11.220:48333
      203.132.94.196:48333
      [2001:8003:941b:ca00:f22f:74ff:fe1e:5b33]:48333
      [2401:d002:3902:700:a038:c772:884b:8a70]:48333
      [2604:2dc0:142:2100::]:48333
      [2a01:4f8:121:4072::2]:48333
      [2a02:c207:2291:6064::1]:48333
      4wisp4kzox45sypocmavdetbafjwet4hbt2ctosbaxvje6qqrcnhikyd.onion:48333
      as5nrdvjh5jje6vcnw5l4yxzpdoielvppcqv5ulqahp3tepdpiluloqd.onion:48333
      fvbppnodd4dlxulzlvhikg2ijtnxemcjjpfhcg2rropun45aqhp5noid.onion:48333
      kg5qtmkvlqfhnqtkcnq7weontlwnrqx4eubgyszxxd7zzhhzm6pdhgid.onion:48333
      rb2ekvp77t4hhhipt7dfuriwges4efybffrb5qurk3xrokgo5or5z2yd.onion:48333
      yiolb6ahgjry66g3vt4dtlnybhdgy4udakakbjxuekj33ligd57mdlqd.onion:48333
      3dxginlmkptubogdcvqfxhdghw55s7ezzq5dv5wl2xkfdgaencwq.b32.i2p:0
      axxwcwzqlw42hjbpzupvffvdsjvniyt5apyt53sdxijqy6y6pdha.b32.i2p:0
      gu4dbogblenyardwzilrh7habosvyc3wrhh3bi7arhoggoca5dqq.b32.i2p:0
      nl2qej33ywfqllz3exxce5jxmz35cnovhh6qobwvfc7igm2vdz2q.b32.i2p:0
      xokwtqtwbpkzl36as7tmlilmpbfrlzpz76q5ho2b24fevqmxqflq.b32.i2p:0
      [fc1f:22c3:95dc:a3af:4a93:8251:beb9:1858]:48333
      """
  )

  /// The default signet (BIP325); its magic derives from `signetChallenge`.
  ///
  /// Fixed seeds from `nodes_signet.txt`.
  public static let signet = Network(
    name: "signet",
    magic: 0x40cf_030a,
    defaultPort: 38333,
    dnsSeeds: ["seed.signet.bitcoin.sprovoost.nl", "seed.signet.achownodes.xyz"],
    genesisHash: "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
    fixedSeeds: """
      35.217.13.118:38333
      50.39.245.228:38333
      82.65.129.71:38333
      135.180.99.74:38333
      159.203.133.144:38333
      188.165.201.163:38333
      [2400:8907::f03c:92ff:fe6f:ee2b]:38333
      [2408:8916:10:1091:f54a:da9c:f075:998a]:38333
      [2602:f480:ac:c010::50]:38333
      [2a00:23c8:9902:8e01:6931:7afd:251e:94e7]:38333
      [2a01:f500:aaaa:2400::a]:38333
      4jbenbcdlfoiauayz4bdpfueobo3klbjtmdkbnwojq2awhhl74ngbkad.onion:38333
      ckbugjazj2iotosxah7odbxfozxivuk6zu5npf3iwfphvoh5brdjfqad.onion:38333
      jahtu4veqnvjldtbyxjiibdrltqiiighauai7hmvknwxhptsb4xat4qd.onion:38333
      lwiqghlmljzlarwn4gwdrvskd3nibtw63o5ok7ugx4nwuvh7b422ifad.onion:38333
      tsq7clffbfe636zfszymheqgy6tyzbsjogad2qet7qeijua5c53ye6ad.onion:38333
      yjhagyj65xcxu6b5yktu6ntkwsyd5rhjlrsb7sexq5lzchatdqmoqnqd.onion:38333
      25g5trd4qasb2sbpkk5cvl256l6aiwcwjjqq7xso3ajvlgcvkpaq.b32.i2p:0
      g7cudei24hjktz4thkjqj4cevbtjemkr5ba6picuzf2j5qfpfloq.b32.i2p:0
      nmmoytmmcwq4aclmtrxk3askrv7mgy6l27uw67ozvyolwca2dr6a.b32.i2p:0
      qn7uwi6nx6tuakxvzhjnjeuxwpcq6wcv4diecrv63ugain2tdopa.b32.i2p:0
      rkf5lugxqdjrxva2n5wl43okxrqmm6prlf7arci4bgg4md55oo2a.b32.i2p:0
      [fc1f:22c3:95dc:a3af:4a93:8251:beb9:1858]:38333
      """
  )

  /// The challenge of the default signet: one of two keys must sign each block.
  public static let signetChallenge: [UInt8] = Hexadecimal.bytes(
    "512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430"
      + "210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae"
  )!

  /// Creates a custom signet (BIP325). Its magic is the first four bytes of the double SHA-256 of the
  /// challenge with its CompactSize length. The challenge is the script that each block's signature
  /// satisfies.
  ///
  /// All signets have the same genesis block.
  public static func signet(
    challenge: [UInt8],
    name: String = "signet",
    defaultPort: UInt16 = signet.defaultPort,
    dnsSeeds: [String] = [],
    protocolVersion: Int32 = 70016
  ) -> Network {
    var script: [UInt8] = []
    script.appendCounted(challenge)
    return Network(
      name: name,
      magic: Hash256.checksum(script.span.bytes),
      defaultPort: defaultPort,
      dnsSeeds: dnsSeeds,
      protocolVersion: protocolVersion,
      genesisHash: signet.genesisHash
    )
  }

  /// The regression test network, for nodes on one machine.
  public static let regtest = Network(
    name: "regtest",
    magic: 0xdab5_bffa,
    defaultPort: 18444,
    genesisHash: "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
    reach: .machine
  )
}

import Configuration
import Foundation
import TestSupport
import Testing

@Suite struct ConfigurationTests {
  /// Every key of coinscope's file, with the values that it ships.
  static let ancestor = """
    # version of the format
    version = ".2";
    permissions :
    {
       username = "connector";
       group = "connector";
    }
    logger:
    {
       root = "/tmp/logger/";
       max_buffer = 524288000; # in bytes
    };
    verbatim: { logpath = "/var/log/connector/"; };
    getaddr: {
      schedule: {
        hours = ( 0, 4, 8, 12, 16, 20 );
        minutes = ( 15 );
      };
      sampling_rate = .1;
    };
    connector:
    {
       control_path = "/tmp/bitcoin_control";
       control_listen = 5;

       msg_pool_size = 128;
       blacklist = "/etc/netmine/blacklist.txt";
       user_agent = "/Coinscope-GH:0.2/";
       bitcoin: {
          listeners = ( ( "AF_INET", "127.0.0.1", 8334, 128) );
          ping_frequency = 0;
          active_ping: {
              mean = 60.0;
              stddev = 1.0;
          };
          start_height = 346110;
          magic = 0xD9B4BEF9L;
          max_version = 70002;
          min_version = 209;
          services = 1;
       };
    };
    """

  @Test func loadsTheAncestorsFile() throws {
    let configuration = try Configuration(text: Self.ancestor, file: "netmine.cfg")
    #expect(configuration.version == ".2")
    #expect(configuration.permissions.username == "connector")
    #expect(configuration.permissions.group == "connector")
    #expect(configuration.logger.root == "/tmp/logger/")
    #expect(configuration.logger.maxBuffer == 524_288_000)
    #expect(configuration.verbatim.logPath == "/var/log/connector/")
    #expect(configuration.getaddr.schedule.hours == [0, 4, 8, 12, 16, 20])
    #expect(configuration.getaddr.schedule.minutes == [15])
    #expect(configuration.getaddr.samplingRate == 0.1)
    #expect(configuration.connector.controlPath == "/tmp/bitcoin_control")
    #expect(configuration.connector.controlListen == 5)
    #expect(configuration.connector.messagePoolSize == 128)
    #expect(configuration.connector.blacklist == "/etc/netmine/blacklist.txt")
    #expect(configuration.connector.userAgent == "/Coinscope-GH:0.2/")
    let bitcoin = configuration.connector.bitcoin
    #expect(bitcoin.listeners.map(\.endpoint.description) == ["127.0.0.1:8334"])
    #expect(bitcoin.listeners.map(\.backlog) == [128])
    #expect(bitcoin.pingFrequency == 0)
    #expect(bitcoin.activePing.mean == 60)
    #expect(bitcoin.activePing.standardDeviation == 1)
    #expect(bitcoin.startHeight == 346_110)
    #expect(bitcoin.magic == 0xD9B4_BEF9)
    #expect(bitcoin.maxVersion == 70002)
    #expect(bitcoin.minVersion == 209)
    #expect(bitcoin.services == 1)
    // Keys that coinscope does not know keep their defaults.
    #expect(configuration.connector.relay)
    #expect(configuration.runPath == "/tmp/logger/run/")
  }

  @Test func worksWithoutAFile() throws {
    let configuration = try Configuration(file: nil)
    #expect(configuration == Configuration())
    #expect(configuration.connector.network == "mainnet")
    #expect(configuration.connector.bitcoin.maxVersion == nil)
    #expect(configuration.connector.userAgent == "/Netmine:\(Netmine.version)(netmine@operator.example)/")
    #expect(configuration.connector.controlPath == configuration.logger.root + "control")
    #expect(configuration.verbatim.logPath.hasSuffix("/netmine/archive/"))
    #expect(configuration.file == nil)
  }

  @Test func derivedPathsFollowTheRoot() throws {
    let configuration = try Configuration(text: "logger: { root = \"/srv/x\"; };", file: "a.cfg")
    #expect(configuration.logger.root == "/srv/x/")
    #expect(configuration.runPath == "/srv/x/run/")
    #expect(configuration.verbatim.logPath == "/srv/x/archive/")
    #expect(configuration.connector.controlPath == "/srv/x/control")
  }

  @Test func relativePathsBecomeAbsolute() throws {
    let text = "logger: { root = \"./run\"; }; connector: { blacklist = \"no.txt\"; };"
    let configuration = try Configuration(text: text, file: "a.cfg")
    let here = FileManager.default.currentDirectoryPath
    #expect(configuration.logger.root == here + "/run/")
    #expect(configuration.connector.blacklist == here + "/no.txt")
    #expect(configuration.file == here + "/a.cfg")
  }

  @Test func theContactIsPartOfTheUserAgent() throws {
    let text = "connector: { contact = \"lab@university.example\"; };"
    let agent = try Configuration(text: text, file: "a.cfg").connector.userAgent
    #expect(agent == "/Netmine:\(Netmine.version)(lab@university.example)/")
  }

  @Test func readsNumbersBeyond32Bits() throws {
    let text = """
      // a comment with 99999999999999999999999
      logger: { max_buffer = 5000000000; /* 99999999999999999999999 */ root = "/tmp/3000000000#1"; };
      connector: { bitcoin: { magic = 0xD9B4BEF9; services = 0xFFFFFFFFFFFFFFFF; }; };
      """
    let configuration = try Configuration(text: text, file: "a.cfg")
    #expect(configuration.logger.maxBuffer == 5_000_000_000)
    #expect(configuration.logger.root == "/tmp/3000000000#1/")
    #expect(configuration.connector.bitcoin.magic == 0xD9B4_BEF9)
    #expect(configuration.connector.bitcoin.services == .max)
  }

  @Test func wholeNumbersAreGoodWhereFractionsAre() throws {
    let text = "getaddr: { sampling_rate = 1; }; connector: { bitcoin: { active_ping: { mean = 60; }; }; };"
    let configuration = try Configuration(text: text, file: "a.cfg")
    #expect(configuration.getaddr.samplingRate == 1)
    #expect(configuration.connector.bitcoin.activePing.mean == 60)
  }

  @Test func readsEveryFormOfListener() throws {
    let text = """
      connector: { bitcoin: { listeners = ( ("AF_INET", "0.0.0.0", 0, 1), ("AF_INET6", "::1", 8333, 128) ); }; };
      """
    let listeners = try Configuration(text: text, file: "a.cfg").connector.bitcoin.listeners
    #expect(listeners.map(\.endpoint.description) == ["0.0.0.0:0", "[::1]:8333"])
  }

  @Test func readsIncludedFiles() throws {
    let folder = TemporaryFolder()
    let included = try folder.write("part.cfg", "relay = true;\nrelayy = false;\n")
    let text = "connector: {\n@include \"\(included)\"\n};"
    let error = try #require(throws: ConfigurationError.self) { try Configuration(text: text, file: "a.cfg") }
    #expect(error.problems.map(\.origin) == [.file(included, line: 2)])
    #expect(error.problems.map(\.key) == ["connector.relayy"])
  }

  @Test func readsAFileFromDisk() throws {
    let folder = TemporaryFolder()
    let file = try folder.write("netmine.cfg", Self.ancestor)
    let configuration = try Configuration(file: file)
    #expect(configuration.file == file)
    #expect(configuration.text == Self.ancestor)
    #expect(configuration.origin(of: "permissions.username") == .file(file, line: 5))
    #expect(configuration.origin(of: "connector.relay") == .builtIn)
  }

  @Test func rereadsTheFileWithTheSameOverrides() throws {
    let folder = TemporaryFolder()
    let file = try folder.write("netmine.cfg", "connector: { relay = false; };")
    let override = try #require(Configuration.Override(set: "logger.root=/srv/option"))
    let first = try Configuration(file: file, overrides: [override])
    _ = try folder.write("netmine.cfg", "connector: { relay = true; }; logger: { root = \"/srv/file\"; };")
    let second = try first.reread()
    #expect(!first.connector.relay && second.connector.relay)
    #expect(second.logger.root == "/srv/option/")
  }

  @Test func databasesOfAddressesAreOptional() throws {
    #expect(Configuration().geo.paths.isEmpty && !Configuration().crawl.reverseDNS)
    let text = """
      geo: { asn = "/srv/asn.mmdb"; city = "/srv/city.mmdb"; };
      crawl: { reverse_dns = true; reverse_dns_rate = 2.5; };
      """
    let configuration = try Configuration(text: text, file: "netmine.cfg")
    #expect(configuration.geo.paths == ["/srv/city.mmdb", "/srv/asn.mmdb"])
    #expect(configuration.crawl.reverseDNS && configuration.crawl.reverseDNSRate == 2.5)
    #expect(configuration != Configuration())
  }
}

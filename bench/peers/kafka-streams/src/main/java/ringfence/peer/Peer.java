package ringfence.peer;

import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Counts per caller, called number and prefix in windows of 60 s. Usage: Peer BOOTSTRAP GROUP THREADS. */
public final class Peer {
  private static final String EVENTS = "signalling.events";
  private static final String ALARMS = "peer.alarms";
  private static final long THRESHOLD = 5_000;
  private static final Duration WINDOW = Duration.ofSeconds(60);
  private static final Duration GRACE = Duration.ofSeconds(10);

  private Peer() {}

  public static void main(String[] arguments) throws InterruptedException {
    Properties settings = settings(arguments[0], arguments[1], arguments[2]);
    try (KafkaStreams streams = new KafkaStreams(topology(), settings)) {
      CountDownLatch ended = new CountDownLatch(1);
      Runtime.getRuntime().addShutdownHook(new Thread(ended::countDown));
      streams.start();
      ended.await();
    }
  }

  private static Topology topology() {
    StreamsBuilder builder = new StreamsBuilder();
    // parsed once: the timestamp extractor reads the parsed event
    Serde<Event> events = Serdes.serdeFrom((topic, event) -> null, (topic, value) -> Event.parse(value));
    KStream<byte[], Event> read =
        builder
            .stream(
                EVENTS,
                Consumed.with(Serdes.ByteArray(), events)
                    .withTimestampExtractor(
                        (record, before) -> record.value() instanceof Event event ? event.ts() : Math.max(0, before)))
            .filter((key, event) -> event != null);
    count(read, "caller", Event::caller);
    count(read, "called", Event::called);
    count(read, "prefix", Event::prefix);
    return builder.build();
  }

  private static void count(KStream<byte[], Event> events, String name, Function<Event, String> key) {
    events
        .map((id, event) -> KeyValue.pair(key.apply(event), new byte[] {(byte) (event.free() ? 1 : 0)}))
        .groupByKey(Grouped.with(name, Serdes.String(), Serdes.ByteArray()))
        .windowedBy(TimeWindows.ofSizeAndGrace(WINDOW, GRACE))
        .aggregate(() -> Counts.NONE, (id, free, counts) -> Counts.plus(counts, free[0] == 1), inMemory(name))
        .toStream()
        .filter((window, counts) -> Counts.events(counts) >= THRESHOLD)
        .map((window, counts) -> KeyValue.pair(window.key(), counts))
        .to(ALARMS, Produced.with(Serdes.String(), Serdes.ByteArray()));
  }

  private static Materialized<String, byte[], WindowStore<Bytes, byte[]>> inMemory(String name) {
    return Materialized.<String, byte[]>as(
            Stores.inMemoryWindowStore("counts-" + name, WINDOW.multipliedBy(2), WINDOW, false))
        .withKeySerde(Serdes.String())
        .withValueSerde(Serdes.ByteArray())
        .withCachingEnabled();
  }

  private static Properties settings(String bootstrap, String group, String threads) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, group);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 256L << 20);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1_000);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, System.getProperty("user.dir") + "/state");
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    settings.put(StreamsConfig.producerPrefix("linger.ms"), "50");
    settings.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    return settings;
  }
}

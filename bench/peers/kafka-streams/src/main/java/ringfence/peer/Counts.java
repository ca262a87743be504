package ringfence.peer;

import java.nio.ByteBuffer;

/** Two counts in 16 bytes: events, and zero-rated ones among them. */
final class Counts {
  static final byte[] NONE = new byte[2 * Long.BYTES];

  private Counts() {}

  static byte[] plus(byte[] counts, boolean free) {
    ByteBuffer old = ByteBuffer.wrap(counts);
    return ByteBuffer.allocate(NONE.length)
        .putLong(old.getLong(0) + 1)
        .putLong(old.getLong(Long.BYTES) + (free ? 1 : 0))
        .array();
  }

  static long events(byte[] counts) {
    return ByteBuffer.wrap(counts).getLong(0);
  }
}

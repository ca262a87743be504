package ringfence.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** The four fields of a signalling event that the job needs, read by a streaming parser. */
record Event(String caller, String called, long ts, boolean free) {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int PREFIX_LENGTH = 5; // "+" and four digits

  /** Parses one record; null where it is no event, which drops it. */
  static Event parse(byte[] value) {
    try (JsonParser parser = JSON.createParser(value)) {
      String caller = null;
      String called = null;
      long ts = -1;
      boolean free = false;
      if (parser.nextToken() != JsonToken.START_OBJECT) return null;
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String field = parser.currentName();
        parser.nextToken();
        switch (field) {
          case "caller" -> caller = parser.getText();
          case "called" -> called = parser.getText();
          case "ts" -> ts = parser.getLongValue();
          case "rate" -> free = parser.getValueAsDouble(1) == 0;
          default -> parser.skipChildren();
        }
      }
      return caller == null || called == null || ts < 0 ? null : new Event(caller, called, ts, free);
    } catch (IOException | RuntimeException error) {
      return null;
    }
  }

  String prefix() {
    return called.substring(0, Math.min(PREFIX_LENGTH, called.length()));
  }
}

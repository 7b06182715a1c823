package ai.determined.webhookd;

import ai.determined.webhookd.v1.Event;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.StandardCharsets;

/** The body of a webhook of type Default, typed. */
public final class Events {
  private Events() {}

  /** Verify first. Fields that this version does not know are passed over. */
  public static Event parse(byte[] body) throws InvalidProtocolBufferException {
    Event.Builder event = Event.newBuilder();
    JsonFormat.parser().ignoringUnknownFields().merge(new String(body, StandardCharsets.UTF_8), event);
    return event.build();
  }
}

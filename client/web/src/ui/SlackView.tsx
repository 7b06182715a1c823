// A Slack message roughly as Slack shows it.
import { parseMarkup, type SlackBlock, type SlackMessage, type SlackText } from "../lib/slack";

function Marked({ text }: { text: SlackText }) {
  if (text.type !== "mrkdwn") return <>{text.text}</>;
  return parseMarkup(text.text).map((piece, index) => {
    switch (piece.kind) {
      case "bold":
        return <b key={index}>{piece.text}</b>;
      case "code":
        return <code key={index}>{piece.text}</code>;
      case "fence":
        return (
          <code key={index} className="slack-fence">
            {piece.text}
          </code>
        );
      case "link":
        return (
          <span key={index} className="slack-link" title={piece.url}>
            {piece.text}
          </span>
        );
      default:
        return <span key={index}>{piece.text}</span>;
    }
  });
}

function Block({ block }: { block: SlackBlock }) {
  return (
    <div className="slack-block">
      {block.text && (
        <p>
          <Marked text={block.text} />
        </p>
      )}
      {block.fields && (
        <ul className="slack-fields">
          {block.fields.map((field, index) => (
            <li key={index}>
              <Marked text={field} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export function SlackView({ message }: { message: SlackMessage }) {
  return (
    <div className="slack">
      {message.blocks?.map((block, index) => (
        <Block key={index} block={block} />
      ))}
      {message.attachments?.map((attachment, index) => (
        <div
          key={index}
          className="slack-attachment"
          style={attachment.color ? { borderColor: attachment.color } : undefined}
        >
          {attachment.blocks?.map((block, at) => (
            <Block key={at} block={block} />
          ))}
        </div>
      ))}
    </div>
  );
}

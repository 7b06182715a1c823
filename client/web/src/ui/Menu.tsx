import {
  Button,
  Menu as AriaMenu,
  MenuItem,
  MenuTrigger,
  Popover,
  Separator,
} from "react-aria-components";
import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

export interface MenuEntry {
  id: string;
  label: string;
  icon: IconName;
  danger?: boolean;
  onSelect: () => void;
}

interface Props {
  label: string; // of the button, for those who do not see it
  entries: MenuEntry[];
  children?: ReactNode; // what the button shows instead of ⋮
}

// A button that opens a menu. Entries that are dangerous stand below a line.
export function Menu({ label, entries, children }: Props) {
  return (
    <MenuTrigger>
      <Button
        className={`button button-quiet menu-button ${children === undefined ? "button-icon" : ""}`}
        aria-label={label}
      >
        {children ?? <Icon name="more" />}
      </Button>
      <Popover className="popover" placement="bottom end" offset={4}>
        <AriaMenu
          className="menu"
          aria-label={label}
          onAction={(id) => entries.find((entry) => entry.id === id)?.onSelect()}
        >
          {entries.flatMap((entry) => [
            entry.danger && entries.length > 1 && (
              <Separator key={`${entry.id}-line`} className="menu-line" />
            ),
            <MenuItem
              key={entry.id}
              id={entry.id}
              textValue={entry.label}
              className={entry.danger ? "menu-item menu-item-danger" : "menu-item"}
            >
              <Icon name={entry.icon} />
              {entry.label}
            </MenuItem>,
          ])}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

// The people of a video: pictures, screen time, names; chosen to be merged or split.
import { $, formatTime, h, icon } from "./dom.js";
import { colourOf, nameOf } from "./people_colours.js";

/**
 * The list of people. Fires "pick" (detail: {id, chosen: number[]}) when the choice changes,
 * "seek" (detail: {seconds}), "rename" (detail: {person, name}).
 */
export class People extends EventTarget {
  constructor(element) {
    super();
    this.element = element;
    this.people = [];
    this.chosen = new Set();
  }

  /** Show these people. */
  show(people) {
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    this.people = people;
    const known = new Set(people.map((person) => person.id));
    this.chosen = new Set([...this.chosen].filter((id) => known.has(id)));
    this.element.replaceChildren(...people.map((person) => this.card(person)));
    if (focused) $(`[data-focus="${focused}"]`, this.element)?.focus();
  }

  /** The people who are chosen, in the order of the list. */
  get picked() {
    return this.people.filter((person) => this.chosen.has(person.id));
  }

  find(id) {
    return this.people.find((person) => person.id === id);
  }

  /** Choose one alone, or add or remove one. */
  choose(id, { more = false } = {}) {
    if (!more) this.chosen = new Set(this.chosen.size === 1 && this.chosen.has(id) ? [] : [id]);
    else if (this.chosen.has(id)) this.chosen.delete(id);
    else this.chosen.add(id);
    this.mark();
    const detail = { id, chosen: [...this.chosen] };
    this.dispatchEvent(new CustomEvent("pick", { detail }));
  }

  mark() {
    for (const card of this.element.children) {
      const chosen = this.chosen.has(Number(card.dataset.id));
      card.classList.toggle("chosen", chosen);
      $("input[type=checkbox]", card).checked = chosen;
    }
  }

  card(person) {
    const { id } = person;
    const name = nameOf(person);
    const chosen = this.chosen.has(id);
    const seek = () => this.dispatchEvent(new CustomEvent("seek", { detail: { seconds: person.first } }));
    const label = h(
      "div",
      { class: "who-name" },
      h("span", { class: "dot", style: { "--box": colourOf(id) } }),
      h("bdi", { class: "called" }, name),
      h(
        "button",
        {
          type: "button",
          class: "quiet small only-icon",
          "aria-label": `Rename ${name}`,
          title: "Rename",
          dataset: { focus: `rename-${id}` },
          onclick: () => this.rename(person, label),
        },
        icon("edit"),
      ),
    );
    const check = h("input", {
      type: "checkbox",
      checked: chosen,
      "aria-label": `Choose ${name}`,
      dataset: { focus: `check-${id}` },
      onchange: () => this.choose(id, { more: true }),
    });
    return h(
      "li",
      { class: chosen ? "person chosen" : "person", dataset: { id: String(id) } },
      check,
      h(
        "button",
        {
          type: "button",
          class: "face-picture",
          "aria-label": `Go to where ${name} is first in view, at ${formatTime(person.first)}`,
          dataset: { focus: `picture-${id}` },
          onclick: seek,
        },
        h("img", { src: person.picture, alt: "", width: 64, height: 64, loading: "lazy" }),
      ),
      h(
        "div",
        { class: "about" },
        label,
        h("p", { class: "soft" }, `in view ${formatTime(person.seconds, person.seconds < 60 ? 1 : 0)}`),
        h("p", { class: "soft" }, `${formatTime(person.first)} to ${formatTime(person.last)}`),
      ),
    );
  }

  rename(person, label) {
    const input = h("input", {
      type: "text",
      value: person.name,
      maxlength: 256,
      placeholder: `Person ${person.id}`,
      "aria-label": `Name of person ${person.id}`,
      autocomplete: "off",
    });
    let over = false;
    const end = (save) => {
      if (over) return;
      over = true;
      const name = input.value.trim();
      form.replaceWith(label);
      $("button", label).focus();
      if (save && name !== person.name) {
        this.dispatchEvent(new CustomEvent("rename", { detail: { person, name } }));
      }
    };
    const form = h(
      "form",
      {
        class: "rename",
        onsubmit: (event) => {
          event.preventDefault();
          end(true);
        },
        onkeydown: (event) => event.key === "Escape" && (event.stopPropagation(), end(false)),
      },
      input,
      h("button", { class: "small primary" }, "Save"),
    );
    form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || end(false));
    label.replaceWith(form);
    input.focus();
    input.select();
  }
}
